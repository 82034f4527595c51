import type { Prepared } from "../storage/database.ts";
import type { TransactionErrorCode } from "../types/errors.ts";
import type { TransactionRecord } from "../types/index.ts";
import type { StoredBatch } from "./journal.ts";

export interface PoolEntry {
  record: TransactionRecord;
  readonly receivedAtMs: number;
  /** Set if this node has acknowledged the transaction: it is on disk, and only an action of its sender removes it. */
  batch: StoredBatch | undefined;
  /**
   * Batches with transactions that this one has replaced. They must not return if this one leaves before its nonce is
   * used.
   */
  hides: readonly StoredBatch[];
  /** The order of arrival. */
  readonly sequence: number;
}

/** The origin of transactions. Gossip forwards its own; the others have to be published. */
export type Source = "local" | "gossip" | "peer" | "retracted";

export type AddOutcome = { readonly accepted: true; readonly record: TransactionRecord } | Refusal;

/** A plain value, not an error, because most of a flood is refused. */
export interface Refusal {
  readonly accepted: false;
  readonly record: TransactionRecord;
  readonly code: TransactionErrorCode;
  readonly detail: string;
  /** The least fee that is accepted, if the fee is the problem. */
  readonly minFee?: bigint;
  /** Set if the signature was checked and is valid. */
  readonly isSigned?: true;
}

export type MempoolEvents = {
  added: { records: TransactionRecord[]; source: Source };
};

/** Returns an account of the head's state, or `undefined` if there is none. */
export type AccountLookup = (address: Uint8Array) => { balance: bigint; nonce: number } | undefined;

/** Records everything that enters the mempool. */
export interface TransactionLog {
  /** Goes to disk in one batch with the transactions. */
  prepare(records: readonly TransactionRecord[]): Prepared;
  /** The transactions themselves are not on disk. */
  append(records: readonly TransactionRecord[]): void;
}
