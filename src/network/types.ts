export type * from "../../protocols/network.ts";
