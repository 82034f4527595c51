import { keySpaces } from "./key-spaces.ts";

/** Position of a transaction in the canonical chain. */
export interface TransactionPlace {
  height: number;
  index: number;
}

/**
 * The index entries of a block: its transactions, with the account indexes of their senders and receivers, -1 for none.
 */
export interface BlockPlaces {
  height: number;
  records: readonly { id: Uint8Array }[];
  /** Two entries per transaction. */
  parties: readonly number[];
}

export interface PlaceEntry {
  key: Uint8Array;
  value: Uint8Array;
}

/** Bytes of an id in a key: enough to make collisions rare. */
const prefixBytes = 8;
const accountBytes = 4;
const heightBytes = 6;
const indexBytes = 2;
const transactionKeyBytes = 1 + prefixBytes + heightBytes + indexBytes;
const accountKeyBytes = 1 + accountBytes + heightBytes;
const maxHeight = 2 ** 48 - 1;

const none = new Uint8Array();

export function idPrefix(id: Uint8Array): Uint8Array {
  return id.subarray(0, prefixBytes);
}

/** Big-endian; heights beyond the highest possible block give that block's. */
export function placeHeight(height: number): Uint8Array {
  const bytes = new Uint8Array(heightBytes);
  writeHeight(new DataView(bytes.buffer), 0, Math.min(height, maxHeight));
  return bytes;
}

/** Reads a place from a key of the index of transactions. */
export function readPlace(key: Uint8Array): TransactionPlace {
  const view = viewOf(key);
  const at = key.byteLength - indexBytes;
  return { height: readHeight(view, at - heightBytes), index: view.getUint16(at) };
}

/** Reads the places in an entry of the account index, the last one first. */
export function readPlaces(key: Uint8Array, value: Uint8Array): TransactionPlace[] {
  const height = readHeight(viewOf(key), key.byteLength - heightBytes);
  const indexes = viewOf(value);
  const places: TransactionPlace[] = [];
  for (let at = value.byteLength - indexBytes; at >= 0; at -= indexBytes)
    places.push({ height, index: indexes.getUint16(at) });
  return places;
}

/** The entries of a block in both indexes. */
export function placeEntries(block: BlockPlaces): PlaceEntry[] {
  return [...transactionEntries(block), ...accountEntries(block)];
}

function transactionEntries({ height, records }: BlockPlaces): PlaceEntry[] {
  const buffer = new Uint8Array(records.length * transactionKeyBytes);
  const view = viewOf(buffer);
  return records.map(({ id }, index) => {
    const at = index * transactionKeyBytes;
    buffer[at] = keySpaces.transactionPlace;
    for (let byte = 0; byte < prefixBytes; byte++) buffer[at + 1 + byte] = id[byte]!;
    writeHeight(view, at + 1 + prefixBytes, height);
    view.setUint16(at + 1 + prefixBytes + heightBytes, index);
    return { key: buffer.subarray(at, at + transactionKeyBytes), value: none };
  });
}

/**
 * Counts the places before it writes them. In most blocks each account has one or two, and lists of them would cost the
 * most.
 */
function accountEntries({ height, parties }: BlockPlaces): PlaceEntry[] {
  const entryOf = new Map<number, number>();
  const counts = new Uint32Array(parties.length);
  /** The entry of each party; -1 for none. */
  const targets = new Int32Array(parties.length).fill(-1);
  for (let party = 0; party < parties.length; party++) {
    const account = parties[party]!;
    // A transfer to oneself is listed once.
    if (account < 0 || (party & 1 && account === parties[party - 1])) continue;
    let entry = entryOf.get(account);
    if (entry === undefined) {
      entry = entryOf.size;
      entryOf.set(account, entry);
    }
    targets[party] = entry;
    counts[entry]!++;
  }
  const buffer = new Uint8Array(entryOf.size * accountKeyBytes + parties.length * indexBytes);
  const view = viewOf(buffer);
  const entries: PlaceEntry[] = [];
  /** The offset of the next place in each entry. */
  const next = new Uint32Array(entryOf.size);
  let at = 0;
  for (const [account, entry] of entryOf) {
    const valueAt = at + accountKeyBytes;
    buffer[at] = keySpaces.accountPlaces;
    view.setUint32(at + 1, account);
    writeHeight(view, at + 1 + accountBytes, height);
    next[entry] = valueAt;
    const end = valueAt + counts[entry]! * indexBytes;
    entries.push({ key: buffer.subarray(at, valueAt), value: buffer.subarray(valueAt, end) });
    at = end;
  }
  for (let party = 0; party < parties.length; party++) {
    const entry = targets[party]!;
    if (entry < 0) continue;
    view.setUint16(next[entry]!, party >>> 1);
    next[entry]! += indexBytes;
  }
  return entries;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeHeight(view: DataView, at: number, height: number): void {
  view.setUint16(at, Math.floor(height / 2 ** 32));
  view.setUint32(at + 2, height >>> 0);
}

function readHeight(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}
