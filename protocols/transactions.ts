import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import {
  Bytes32,
  Count,
  EncodedTransactions,
  maxTransactionsPerList,
  type Transaction,
  Transactions,
  Uint32,
} from "../src/types/index.ts";
import { blockBytesLimit } from "./blocks.ts";
import type { Protocol } from "./reqresp/types.ts";

export const maxTransactionsById = 1024;
export const maxMempoolIds = 8192;

export const TransactionsRequest = new ContainerType(
  { ids: new ListCompositeType(Bytes32, maxTransactionsById) },
  { typeName: "TransactionsRequest" },
);
export type TransactionsRequest = ValueOf<typeof TransactionsRequest>;

/** The requested transactions that are in the answerer's mempool, in the requested order. */
export const transactions: Protocol<TransactionsRequest, Transaction[]> = {
  id: "/ccoin/transactions/1",
  request: TransactionsRequest,
  response: Transactions,
  maxRequestBytes: TransactionsRequest.maxSize,
  maxResponseBytes: maxTransactionsById * 512,
  maxChunks: 1,
  maxTotalBytes: maxTransactionsById * 512,
  timeoutMs: 10_000,
  quota: { requests: 100, perMs: 10_000 },
};

export const BlockTransactionsRequest = new ContainerType(
  { block: Bytes32, indexes: new ListBasicType(Uint32, maxTransactionsPerList) },
  { typeName: "BlockTransactionsRequest" },
);
export type BlockTransactionsRequest = ValueOf<typeof BlockTransactionsRequest>;

/**
 * The transactions of one block at these positions, in the requested order: those that the receiver of a compact block
 * lacks.
 */
export const blockTransactions: Protocol<BlockTransactionsRequest, Uint8Array> = {
  id: "/ccoin/block-transactions/1",
  request: BlockTransactionsRequest,
  response: EncodedTransactions,
  maxRequestBytes: BlockTransactionsRequest.maxSize,
  maxResponseBytes: blockBytesLimit + 2 ** 20,
  maxChunks: 1,
  maxTotalBytes: blockBytesLimit + 2 ** 20,
  timeoutMs: 10_000,
  // Up to ten blocks a second, and some repetition.
  quota: { requests: 200, perMs: 10_000 },
};

/** `limit` is 1 to 8192. */
export const MempoolRequest = new ContainerType({ limit: Count }, { typeName: "MempoolRequest" });
export type MempoolRequest = ValueOf<typeof MempoolRequest>;

/**
 * Ids in the answerer's mempool, highest fee first. A node asks on connecting, so that both sides learn what the other
 * accepted while they were apart.
 */
export const mempoolIds: Protocol<MempoolRequest, Uint8Array[]> = {
  id: "/ccoin/mempool-ids/1",
  request: MempoolRequest,
  response: new ListCompositeType(Bytes32, maxMempoolIds),
  maxRequestBytes: MempoolRequest.maxSize,
  maxResponseBytes: maxMempoolIds * 32,
  maxChunks: 1,
  maxTotalBytes: maxMempoolIds * 32,
  timeoutMs: 10_000,
  quota: { requests: 10, perMs: 10_000 },
};
