export * from "./block-ids.ts";
export * from "./blocks.ts";
export * from "./genesis.ts";
export * from "./gossip.ts";
export * from "./headers.ts";
export * from "./height.ts";
export type * from "./network.ts";
export * from "./reqresp/index.ts";
export * from "./transactions.ts";
