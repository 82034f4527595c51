import type { Hex } from "../util/bytes.ts";
import { isSafeCount } from "./primitives.ts";
import type { Transaction, Transfer } from "./transaction.ts";
import { transactionLayout as layout } from "./transaction-roots.ts";

/**
 * A transaction with the values that are computed from it once. `id` is its `hash_tree_root`; the signature covers
 * `signingRoot`.
 */
export interface TransactionRecord {
  readonly transaction: Transaction;
  readonly id: Uint8Array;
  readonly idHex: Hex;
  /** The result of `shortKeyOf`, kept because a transaction is looked up by it several times. */
  readonly shortKey: string;
  readonly signingRoot: Uint8Array;
  /** The SSZ encoding of the transaction. */
  readonly encoded: Uint8Array;
  /** The length of the encoding. */
  readonly bytes: number;
}

/** Bytes of an array, from `at` on. */
interface Place {
  readonly bytes: Uint8Array;
  readonly at: number;
}

export interface RecordParts extends Pick<TransactionRecord, "idHex" | "shortKey"> {
  /** The encoded transaction is in this view from `at` on; its layout was checked. */
  readonly view: DataView;
  readonly at: number;
  readonly length: number;
  readonly id: Place;
  readonly signingRoot: Place;
}

const rootBytes = 32;

/**
 * A record on the bytes of an encoded transaction. It makes its arrays at each access, as most are used once or never.
 * Seven arrays of 110 bytes, kept for each transaction of a list, were the largest part of the objects that outlived
 * the young generation of the heap while a record waits for signature checks and for the disk.
 */
export class EncodedRecord implements TransactionRecord, Transaction, Transfer {
  readonly idHex: Hex;
  readonly shortKey: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly nonce: number;
  readonly validUntil: number;
  readonly bytes: number;
  readonly #buffer: ArrayBufferLike;
  readonly #at: number;
  readonly #ids: Uint8Array;
  readonly #idAt: number;
  readonly #signingRoots: Uint8Array;
  readonly #signingRootAt: number;

  constructor({ view, at, length, id, signingRoot, idHex, shortKey }: RecordParts) {
    this.idHex = idHex;
    this.shortKey = shortKey;
    this.amount = view.getBigUint64(at + layout.amount, true);
    this.fee = view.getBigUint64(at + layout.fee, true);
    this.nonce = readCount(view, at + layout.nonce);
    this.validUntil = readCount(view, at + layout.validUntil);
    this.#buffer = view.buffer;
    this.#at = view.byteOffset + at;
    this.bytes = length;
    this.#ids = id.bytes;
    this.#idAt = id.at;
    this.#signingRoots = signingRoot.bytes;
    this.#signingRootAt = signingRoot.at;
  }

  get transaction(): Transaction {
    return this;
  }

  get message(): Transfer {
    return this;
  }

  get id(): Uint8Array {
    return this.#ids.subarray(this.#idAt, this.#idAt + rootBytes);
  }

  get signingRoot(): Uint8Array {
    return this.#signingRoots.subarray(this.#signingRootAt, this.#signingRootAt + rootBytes);
  }

  get encoded(): Uint8Array {
    return this.#part(0, this.bytes);
  }

  get signature(): Uint8Array {
    return this.#part(layout.signature, layout.from);
  }

  get from(): Uint8Array {
    return this.#part(layout.from, layout.to);
  }

  get to(): Uint8Array {
    return this.#part(layout.to, layout.amount);
  }

  get memo(): Uint8Array {
    return this.#part(layout.memo, this.bytes);
  }

  #part(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#at + start, end - start);
  }
}

/** Reads a `Count`. Values above 2^53 - 1, which are invalid in every message, become infinity. */
function readCount(view: DataView, at: number): number {
  const count = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  return isSafeCount(count) ? count : Number.POSITIVE_INFINITY;
}
