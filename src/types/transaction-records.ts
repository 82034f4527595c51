import { toBinary, toHex, viewOf } from "../util/bytes.ts";
import type { Pause } from "../util/slices.ts";
import { EncodedRecord, type TransactionRecord } from "./encoded-record.ts";
import { ShortId } from "./primitives.ts";
import { maxMemoBytes, maxTransactionsPerList, Transaction } from "./transaction.ts";
import { transactionLayout as layout, transactionRoots } from "./transaction-roots.ts";

const decodedAtOnce = 512;

/** The size of the longest SSZ encoding of a transaction, with the longest memo. */
export const maxTransactionBytes = layout.memo + maxMemoBytes;

/** The key under which compact blocks look up transactions: `toBinary` of a `ShortId`, or of the id that it begins. */
export function shortKeyOf(id: Uint8Array): string {
  return toBinary(id, 0, ShortId.lengthBytes);
}

/**
 * The checks of signature and addresses that a transaction needs. `isAccount` tells which addresses were checked when
 * their account was created.
 */
export function signatureSet(
  { transaction, signingRoot: message }: TransactionRecord,
  isAccount: (address: Uint8Array) => boolean,
) {
  const { from, to } = transaction.message;
  return {
    publicKey: from,
    message,
    signature: transaction.signature,
    newKey: !isAccount(from),
    address: isAccount(to) ? undefined : to,
  };
}

/** Makes many records, and hashes their roots together. `domain` is `computeDomain("transaction", genesisId)`. */
export function transactionRecords(
  transactions: readonly Transaction[],
  domain: Uint8Array,
): TransactionRecord[] {
  return encodedRecords(
    transactions.map((transaction) => Transaction.serialize(transaction)),
    domain,
  );
}

/**
 * The records of an encoded `Transactions` list. They keep `list`, which must not change. @throws {RangeError} if it is
 * no such list.
 */
export function decodeRecords(list: Uint8Array, domain: Uint8Array): TransactionRecord[] {
  return encodedRecords(splitTransactions(list), domain);
}

/** The records of encoded transactions. They keep `encoded`, which must not change. @throws {RangeError} */
export function encodedRecords(encoded: readonly Uint8Array[], domain: Uint8Array): TransactionRecord[] {
  const views = encoded.map((bytes) => {
    const view = viewOf(bytes);
    checkLayout(view, 0, view.byteLength);
    return view;
  });
  const { ids, signingRoots } = transactionRoots(encoded, domain);
  return views.map((view, index) => {
    const at = index * 32;
    const id = ids.subarray(at, at + 32);
    return new EncodedRecord({
      view,
      at: 0,
      length: view.byteLength,
      id: { bytes: ids, at },
      signingRoot: { bytes: signingRoots, at },
      idHex: toHex(id),
      shortKey: shortKeyOf(id),
    });
  });
}

/**
 * The same for a list that may be as long as a block's, which takes up to a second: pauses between slices of some 10
 * ms.
 * @throws {RangeError}
 */
export async function decodeRecordsInSlices(
  list: Uint8Array,
  domain: Uint8Array,
  pause: Pause,
): Promise<TransactionRecord[]> {
  const encoded = splitTransactions(list);
  const records: TransactionRecord[] = [];
  for (let from = 0; from < encoded.length; from += decodedAtOnce) {
    if (from > 0) await pause();
    records.push(...encodedRecords(encoded.slice(from, from + decodedAtOnce), domain));
  }
  return records;
}

/** The number of transactions that an encoded list claims to have, without decoding them; 0 if it is no list. */
export function transactionCount(list: Uint8Array): number {
  return list.length < 4 ? 0 : offsetAt(list, 0) / 4;
}

/** The SSZ `Transactions` list of these records. */
export function encodeRecords(records: readonly TransactionRecord[]): Uint8Array {
  return joinTransactions(records.map(({ encoded }) => encoded));
}

/** The size of the SSZ `Transactions` list of these records. */
export function recordsBytes(records: readonly TransactionRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + 4 + bytes, 0);
}

/** The SSZ `Transactions` list of encoded transactions, which follow their offsets. */
export function joinTransactions(encoded: readonly Uint8Array[]): Uint8Array {
  const list = new Uint8Array(encoded.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = viewOf(list);
  let at = encoded.length * 4;
  for (let index = 0; index < encoded.length; index++) {
    const bytes = encoded[index]!;
    view.setUint32(index * 4, at, true);
    list.set(bytes, at);
    at += bytes.length;
  }
  return list;
}

/** The elements of an encoded `Transactions` list: 4-byte offsets, then elements, no gaps. @throws {RangeError} */
export function splitTransactions(list: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  walkTransactions(list, (start, end) => elements.push(list.subarray(start, end)));
  return elements;
}

/**
 * The number of transactions of an encoded `Transactions` list, each of which can be decoded. The check keeps nothing.
 * @throws {RangeError}
 */
export function checkTransactions(list: Uint8Array): number {
  const view = viewOf(list);
  let count = 0;
  walkTransactions(list, (start, end) => {
    checkLayout(view, start, end - start);
    count++;
  });
  return count;
}

/** The list of the transactions from one index to another of a list that was checked. It is a copy. */
export function sliceTransactions(list: Uint8Array, from: number, to: number): Uint8Array {
  const view = viewOf(list);
  const count = transactionCount(list);
  const startOf = (index: number) => (index < count ? view.getUint32(index * 4, true) : list.length);
  const first = 4 * (to - from);
  const moved = startOf(from) - first;
  const slice = new Uint8Array(startOf(to) - moved);
  const sliceView = viewOf(slice);
  for (let index = from; index < to; index++)
    sliceView.setUint32(4 * (index - from), startOf(index) - moved, true);
  slice.set(list.subarray(startOf(from), startOf(to)), first);
  return slice;
}

/** One list of the transactions of several lists that were checked. */
export function concatTransactions(lists: readonly Uint8Array[]): Uint8Array {
  const counts = lists.map(transactionCount);
  const offsets = 4 * counts.reduce((sum, count) => sum + count, 0);
  const contents = lists.reduce((sum, list, at) => sum + list.length - 4 * counts[at]!, 0);
  const joined = new Uint8Array(offsets + contents);
  const joinedView = viewOf(joined);
  let first = 0;
  let at = offsets;
  for (const [place, list] of lists.entries()) {
    const view = viewOf(list);
    const count = counts[place]!;
    const moved = at - 4 * count;
    for (let index = 0; index < count; index++)
      joinedView.setUint32(4 * (first + index), view.getUint32(4 * index, true) + moved, true);
    joined.set(list.subarray(4 * count), at);
    first += count;
    at += list.length - 4 * count;
  }
  return joined;
}

/** One transaction of a list that was checked, still encoded; undefined if it has fewer. */
export function transactionAt(list: Uint8Array, index: number): Uint8Array | undefined {
  const count = transactionCount(list);
  if (index >= count) return undefined;
  const end = index + 1 < count ? offsetAt(list, index + 1) : list.length;
  return list.subarray(offsetAt(list, index), end);
}

/** Reads one of the offsets at the beginning of a list. A view for a single one would cost several times as much. */
function offsetAt(list: Uint8Array, index: number): number {
  const at = 4 * index;
  return (list[at]! | (list[at + 1]! << 8) | (list[at + 2]! << 16) | (list[at + 3]! << 24)) >>> 0;
}

function walkTransactions(list: Uint8Array, visit: (start: number, end: number) => void): void {
  if (list.length === 0) return;
  const view = viewOf(list);
  const count = transactionCount(list);
  const first = 4 * count;
  if (first === 0 || first % 4 !== 0 || count > maxTransactionsPerList) {
    throw new RangeError(`not a list of at most ${maxTransactionsPerList} transactions`);
  }
  let start = first;
  for (let index = 1; index <= count; index++) {
    const end = index < count ? view.getUint32(index * 4, true) : list.length;
    if (end < start) throw new RangeError(`transaction ${index - 1} has no end`);
    visit(start, end);
    start = end;
  }
}

/** Checks the encoding of a transaction that begins at `at`. @throws {RangeError} */
function checkLayout(view: DataView, at: number, length: number): void {
  if (length < layout.memo || length > maxTransactionBytes) {
    throw new RangeError(`a transaction has ${layout.memo} to ${maxTransactionBytes} bytes, not ${length}`);
  }
  if (
    view.getUint32(at, true) !== layout.from ||
    view.getUint32(at + layout.memoOffset, true) !== layout.memo - layout.from
  ) {
    throw new RangeError("a transaction whose parts are not where they belong");
  }
}
