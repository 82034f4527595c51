export * from "./authority.ts";
export * from "./block.ts";
export * from "./domain.ts";
export * from "./genesis.ts";
export * from "./list-root.ts";
export * from "./primitives.ts";
export * from "./state.ts";
export * from "./transaction.ts";
