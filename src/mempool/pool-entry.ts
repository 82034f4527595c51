import {
  type PackedRecord,
  packedEncoding,
  packedId,
  packedLength,
  packedSender,
  packRecord,
  type TransactionRecord,
  unpackRecord,
} from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { AccountQueue } from "./account-queue.ts";
import type { StoredBatch } from "./types.ts";

interface Arrival {
  receivedAtMs: number;
  /** The order of arrival. */
  sequence: number;
  /**
   * Batches with transactions that this one has replaced. They must not return if this one leaves before its nonce is
   * used.
   */
  hides: readonly StoredBatch[];
}

/**
 * A waiting transaction. There are many, so it keeps the record packed, and beside it only what the pool sorts and
 * counts by.
 */
export class PoolEntry {
  readonly idHex: Hex;
  readonly shortKey: string;
  readonly nonce: number;
  readonly validUntil: number;
  readonly fee: bigint;
  /** Amount and fee. */
  readonly cost: bigint;
  readonly receivedAtMs: number;
  readonly sequence: number;
  /** The queue of its sender while it is in the pool. */
  queue: AccountQueue<PoolEntry> | undefined = undefined;
  /** Set if this node has acknowledged the transaction: it is on disk, and only an action of its sender removes it. */
  batch: StoredBatch | undefined = undefined;
  readonly hides: readonly StoredBatch[];
  readonly #packed: PackedRecord;

  constructor(record: TransactionRecord, { receivedAtMs, sequence, hides }: Arrival) {
    const { nonce, validUntil, fee, amount } = record.transaction.message;
    this.idHex = record.idHex;
    this.shortKey = record.shortKey;
    this.nonce = nonce;
    this.validUntil = validUntil;
    this.fee = fee;
    this.cost = amount + fee;
    this.receivedAtMs = receivedAtMs;
    this.sequence = sequence;
    this.hides = hides;
    this.#packed = packRecord(record);
  }

  /** Makes the record anew. */
  get record(): TransactionRecord {
    return unpackRecord(this.#packed, this);
  }

  get id(): Uint8Array {
    return packedId(this.#packed);
  }

  /** The SSZ encoding of the transaction. */
  get encoded(): Uint8Array {
    return packedEncoding(this.#packed);
  }

  /** The length of the encoding. */
  get bytes(): number {
    return packedLength(this.#packed);
  }

  /** `toBinary` of the sender's address. It retains the whole entry's memory. */
  get sender(): string {
    return packedSender(this.#packed);
  }
}
