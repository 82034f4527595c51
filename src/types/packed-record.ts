import { fromBinary, toBinary, writeBinary } from "../util/bytes.ts";
import { EncodedRecord, type TransactionRecord } from "./encoded-record.ts";
import { maxTransactionBytes } from "./transaction-records.ts";
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
  const { idHex, shortKey } = keys;
  const record = new EncodedRecord({
    view: shared,
    at: used + encodedAt,
    length: packedLength(packed),
    id: { bytes: sharedArray, at: used },
    signingRoot: { bytes: sharedArray, at: used + rootBytes },
    idHex,
    shortKey,
  });
  used += packed.length;
  return record;
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
