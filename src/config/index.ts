export * from "./amount.ts";
export * from "./chain-limits.ts";
export * from "./genesis-config.ts";
export * from "./json-file.ts";
export * from "./node-options.ts";
export * from "./paths.ts";
export * from "./recovery-file.ts";
export * from "./version.ts";
