export type { AccountReader } from "./account-table.ts";
export * from "./execute.ts";
export * from "./state.ts";
export * from "./state-root.ts";
