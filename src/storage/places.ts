import { viewOf } from "../util/bytes.ts";
import type { Entry } from "./entries.ts";
import { heightBytes, readHeight, writeHeight } from "./heights.ts";
import { keySpaces } from "./key-spaces.ts";

/** Position of a transaction in the canonical chain. */
export interface TransactionPlace {
  height: number;
  index: number;
}

/** The transactions of a block. */
export interface BlockPlaces {
  height: number;
  records: readonly { id: Uint8Array }[];
}

/** Bytes of an id in a key: enough to make collisions rare. */
const prefixBytes = 8;
const indexBytes = 2;
const transactionKeyBytes = 1 + prefixBytes + heightBytes + indexBytes;

const none = new Uint8Array();

export function idPrefix(id: Uint8Array): Uint8Array {
  return id.subarray(0, prefixBytes);
}

/** Reads a place from a key of the index of transactions. */
export function readPlace(key: Uint8Array): TransactionPlace {
  const view = viewOf(key);
  const at = key.byteLength - indexBytes;
  return { height: readHeight(view, at - heightBytes), index: view.getUint16(at) };
}

/** The entries of a block in the index of transactions. */
export function placeEntries({ height, records }: BlockPlaces): Entry[] {
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
