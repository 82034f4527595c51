import type { Prepared } from "../storage/database.ts";
import type { TransactionErrorCode } from "../types/errors.ts";
import type { TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";

/**
 * Transactions that were written together. The batch stays on disk until none of them waits any more, so that
 * transactions that blocks include cost no deletion of their own. Transactions that no longer wait, beside others that
 * do, are dropped at the next start: by then their nonce is used, or a later batch has their replacement. Blocks have
 * paid for the transactions that they included, so these may stay. If some left without being included, the batch is
 * rewritten without them.
 */
export interface StoredBatch {
  /** The sequence number of its key; undefined until it is being written. */
  sequence: number | undefined;
  receivedAtMs: number;
  /** The number of its transactions that still wait. */
  waiting: number;
  /** Resolves when the batch is on disk. @throws {CodedError} `WRITE_FAILED` */
  written: Promise<void>;
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
  /** Encodes what is to be logged of many transactions; takes as long for each. */
  encode(records: readonly TransactionRecord[]): Uint8Array[];
  /** Goes to disk in one batch with the transactions. */
  prepare(rows: readonly Uint8Array[]): Prepared;
  /** The transactions themselves are not on disk. */
  append(records: readonly TransactionRecord[]): void;
}

/** Transactions that wait for a nonce of their account that nobody has sent yet. */
export interface NonceGap {
  count: number;
  /** One of these transactions, and the nonce that its account needs first. */
  idHex: Hex;
  address: Uint8Array;
  nonce: number;
  missing: number;
}
