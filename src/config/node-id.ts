import { wholeNumber } from "./schema.ts";

/** Keeps the HTTP port of the highest id, 65260, below 65536. */
export const maxNodeId = 1000;
export const nodeIdSchema = wholeNumber(1, maxNodeId);

export function defaultP2pPort(nodeId: number): number {
  return 63_259 + 2 * nodeId;
}

export function defaultHttpPort(nodeId: number): number {
  return 63_260 + 2 * nodeId;
}
