import { fromBinary, toBinary, writeBinary } from "../util/bytes.ts";
import { EncodedRecord, type TransactionRecord } from "./encoded-record.ts";
import { maxTransactionBytes } from "./transaction-records.ts";
import { transactionLayout as layout } from "./transaction-roots.ts";

const rootBytes = 32;
/** The encoded transaction follows its id and its signing root. */
const encodedAt = 2 * rootBytes;

const scratch = new Uint8Array(encodedAt + maxTransactionBytes);

/** Records that are unpacked one after another, as those of a block are, share memory: a buffer for each is slow. */
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

/** Writes to the shared memory; returns the place. */
function share(text: string): number {
  if (used + text.length > sharedBytes) {
    shared = new DataView(new ArrayBuffer(sharedBytes));
    sharedArray = new Uint8Array(shared.buffer);
    used = 0;
  }
  const at = used;
  writeBinary(text, sharedArray, at);
  used += text.length;
  return at;
}

/** `keys` are those of the record. */
export function unpackRecord(packed: PackedRecord, keys: RecordKeys): TransactionRecord {
  const at = share(packed);
  const { idHex, shortKey } = keys;
  return new EncodedRecord({
    view: shared,
    at: at + encodedAt,
    length: packedLength(packed),
    id: { bytes: sharedArray, at },
    signingRoot: { bytes: sharedArray, at: at + rootBytes },
    idHex,
    shortKey,
  });
}

export function packedId(packed: PackedRecord): Uint8Array {
  return fromBinary(packed.slice(0, rootBytes));
}

/** For use at once: it keeps the memory that it shares with others. */
export function packedEncoding(packed: PackedRecord): Uint8Array {
  const at = share(packed.slice(encodedAt));
  return sharedArray.subarray(at, at + packedLength(packed));
}

/** The length of the encoded transaction. */
export function packedLength(packed: PackedRecord): number {
  return packed.length - encodedAt;
}

/** `toBinary` of the sender's address. It retains the whole string. */
export function packedSender(packed: PackedRecord): string {
  return packed.slice(encodedAt + layout.from, encodedAt + layout.to);
}
