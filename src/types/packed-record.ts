import { fromBinary, type Hex, toBinary, writeBinary } from "../util/bytes.ts";
import type { Transaction, Transfer } from "./transaction.ts";
import { maxTransactionBytes, readCount, type TransactionRecord } from "./transaction-records.ts";
import { transactionLayout as layout } from "./transaction-roots.ts";

const rootBytes = 32;
/** The encoded transaction follows its id and its signing root. */
const encodedAt = 2 * rootBytes;

const scratch = new Uint8Array(encodedAt + maxTransactionBytes);

/** Records that are unpacked one after the other, such as those of a block, share memory: a buffer for each is slow. */
const sharedBytes = 8 * 1_024;
let shared = new DataView(new ArrayBuffer(sharedBytes));
let sharedArray = new Uint8Array(shared.buffer);
let used = 0;

type RecordKeys = Pick<TransactionRecord, "idHex" | "shortKey">;

/**
 * A record as one string, for those that are kept for long. It takes 24 bytes more than its content. The arrays of a
 * record take 110 bytes each, and those of one list retain all of it.
 */
export type PackedRecord = string;

export function packRecord({ id, signingRoot, encoded }: TransactionRecord): PackedRecord {
  scratch.set(id);
  scratch.set(signingRoot, rootBytes);
  scratch.set(encoded, encodedAt);
  return toBinary(scratch, 0, encodedAt + encoded.length);
}

/** `keys` are those of the record. */
export function unpackRecord(packed: PackedRecord, keys: RecordKeys): TransactionRecord {
  if (used + packed.length > sharedBytes) {
    shared = new DataView(new ArrayBuffer(sharedBytes));
    sharedArray = new Uint8Array(shared.buffer);
    used = 0;
  }
  writeBinary(packed, sharedArray, used);
  const message = new UnpackedTransfer(shared, used, packed.length);
  used += packed.length;
  return new UnpackedRecord(message, keys);
}

/**
 * Makes its arrays at each access, as most are used once or never: to make and keep seven of them for each transaction
 * of a block takes longer than the rest of the unpacking.
 */
class UnpackedRecord implements TransactionRecord, Transaction {
  readonly message: UnpackedTransfer;
  readonly idHex: Hex;
  readonly shortKey: string;

  constructor(message: UnpackedTransfer, { idHex, shortKey }: RecordKeys) {
    this.message = message;
    this.idHex = idHex;
    this.shortKey = shortKey;
  }

  get transaction(): Transaction {
    return this;
  }

  get signature(): Uint8Array {
    return this.message.part(encodedAt + layout.signature, encodedAt + layout.from);
  }

  get id(): Uint8Array {
    return this.message.part(0, rootBytes);
  }

  get signingRoot(): Uint8Array {
    return this.message.part(rootBytes, encodedAt);
  }

  get encoded(): Uint8Array {
    return this.message.part(encodedAt);
  }
}

class UnpackedTransfer implements Transfer {
  readonly amount: bigint;
  readonly fee: bigint;
  readonly nonce: number;
  readonly validUntil: number;
  readonly #buffer: ArrayBuffer;
  readonly #at: number;
  readonly #length: number;

  /** The packed record of this length is in the view at `at`. */
  constructor(view: DataView<ArrayBuffer>, at: number, length: number) {
    const message = at + encodedAt;
    this.amount = view.getBigUint64(message + layout.amount, true);
    this.fee = view.getBigUint64(message + layout.fee, true);
    this.nonce = readCount(view, message + layout.nonce);
    this.validUntil = readCount(view, message + layout.validUntil);
    this.#buffer = view.buffer;
    this.#at = at;
    this.#length = length;
  }

  get from(): Uint8Array {
    return this.part(encodedAt + layout.from, encodedAt + layout.to);
  }

  get to(): Uint8Array {
    return this.part(encodedAt + layout.to, encodedAt + layout.amount);
  }

  get memo(): Uint8Array {
    return this.part(encodedAt + layout.memo);
  }

  /** A part of the packed record, to its end unless told otherwise. */
  part(start: number, end = this.#length): Uint8Array {
    return new Uint8Array(this.#buffer, this.#at + start, end - start);
  }
}

export function packedId(packed: PackedRecord): Uint8Array {
  return fromBinary(packed.slice(0, rootBytes));
}

export function packedEncoding(packed: PackedRecord): Uint8Array {
  return fromBinary(packed.slice(encodedAt));
}

/** The length of the encoded transaction. */
export function packedLength(packed: PackedRecord): number {
  return packed.length - encodedAt;
}

/** `toBinary` of the sender's address. It retains the whole string. */
export function packedSender(packed: PackedRecord): string {
  return packed.slice(encodedAt + layout.from, encodedAt + layout.to);
}
