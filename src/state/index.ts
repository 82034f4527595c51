export type { AccountReader, AccountValue } from "./account-table.ts";
export * from "./changes.ts";
export * from "./execute.ts";
export type { PastAccounts } from "./past-accounts.ts";
export * from "./state.ts";
export * from "./undo.ts";
