export * from "./network.ts";
export * from "./types.ts";
