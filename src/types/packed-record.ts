import { fromBinary, type Hex, toBinary, writeBinary } from "../util/bytes.ts";
import {
  decodeTransaction,
  maxTransactionBytes,
  shortIdOf,
  type TransactionRecord,
} from "./transaction-records.ts";
import { transactionLayout as layout } from "./transaction-roots.ts";

const rootBytes = 32;
/** The encoded transaction follows its id and its signing root. */
const encodedAt = 2 * rootBytes;

const scratch = new Uint8Array(encodedAt + maxTransactionBytes);

/** Records that are unpacked one after the other, such as those of a block, share memory: a buffer for each is slow. */
const sharedBytes = 8 * 1_024;
let shared = new Uint8Array(sharedBytes);
let used = 0;

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

/** `idHex` is that of the record. */
export function unpackRecord(packed: PackedRecord, idHex: Hex): TransactionRecord {
  const bytes = unpackBytes(packed);
  const encoded = bytes.subarray(encodedAt);
  return {
    transaction: decodeTransaction(encoded),
    id: bytes.subarray(0, rootBytes),
    idHex,
    shortIdHex: shortIdOf(idHex),
    signingRoot: bytes.subarray(rootBytes, encodedAt),
    encoded,
  };
}

function unpackBytes(packed: PackedRecord): Uint8Array {
  if (used + packed.length > sharedBytes) {
    shared = new Uint8Array(sharedBytes);
    used = 0;
  }
  const bytes = shared.subarray(used, used + packed.length);
  writeBinary(packed, shared, used);
  used += packed.length;
  return bytes;
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
