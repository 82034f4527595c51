import {
  type AnyProtocol,
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  evidence,
  finality,
  genesis,
  headers,
  height,
  mempoolIds,
  transactions,
} from "../../../protocols/index.ts";

/** Every request protocol of a node. */
export const served: readonly AnyProtocol[] = [
  height,
  genesis,
  blockIds,
  headers,
  blocks,
  blocksById,
  blockTransactions,
  transactions,
  mempoolIds,
  finality,
  evidence,
];
