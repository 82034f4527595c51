import type { Prepared } from "../storage/database.ts";
import type { TransactionErrorCode } from "../types/errors.ts";
import type { TransactionRecord } from "../types/index.ts";
import type { StoredBatch } from "./journal.ts";

export interface PoolEntry {
  record: TransactionRecord;
  readonly receivedAtMs: number;
  /** This node has answered for it: it is on disk, and gives way to nothing but what its sender does. */
  batch: StoredBatch | undefined;
  /** Batches that have had transactions which this one has replaced. They must not come back when it goes before its nonce is used. */
  hides: readonly StoredBatch[];
  /** Order of arrival. */
  readonly sequence: number;
}

/** Origin of transactions: gossip passes on its own; the others are to be published. */
export type Source = "local" | "gossip" | "peer" | "retracted";

export type AddOutcome = { readonly accepted: true; readonly record: TransactionRecord } | Refusal;

/** A plain value, not an error: most of a flood are refused. */
export interface Refusal {
  readonly accepted: false;
  readonly record: TransactionRecord;
  readonly code: TransactionErrorCode;
  readonly detail: string;
  /** The least fee that gets it in, where that is what is wrong. */
  readonly minFee?: bigint;
  /** Its signature was checked, and is right. */
  readonly isSigned?: true;
}

export type MempoolEvents = {
  added: { records: TransactionRecord[]; source: Source };
};

/** An account of the head's state, or `undefined` if there is none. */
export type AccountLookup = (address: Uint8Array) => { balance: bigint; nonce: number } | undefined;

/** Told of all that comes to the mempool. */
export interface TransactionLog {
  /** Goes to the disk in one batch with the transactions. */
  prepare(records: readonly TransactionRecord[]): Prepared;
  /** The transactions themselves are not on disk. */
  append(records: readonly TransactionRecord[]): void;
}
