import { viewOf } from "../util/bytes.ts";
import type { EntryReader, Write } from "./database.ts";
import { deletions, type Entry, hasEntries } from "./entries.ts";
import { heightBytes, readHeight, writeHeight } from "./heights.ts";
import { keyRange, keySpaces } from "./key-spaces.ts";

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

/** The index of transactions: where in the canonical chain they are. */
export class PlaceStore {
  readonly #database: EntryReader;

  constructor(database: EntryReader) {
    this.#database = database;
  }

  /** The candidate places of a transaction: more than one if the ids of several begin with the same bytes. */
  async find(id: Uint8Array): Promise<TransactionPlace[]> {
    const places: TransactionPlace[] = [];
    const range = keyRange("transactionPlace", id.subarray(0, prefixBytes));
    for await (const [key] of this.#database.iterate(range)) places.push(readPlace(key));
    return places;
  }

  has(block: BlockPlaces): Promise<boolean> {
    return hasEntries(this.#database, placeEntries(block));
  }

  clear(block: BlockPlaces): Write[] {
    return deletions(placeEntries(block).map(({ key }) => key));
  }
}

/** Reads a place from a key. */
function readPlace(key: Uint8Array): TransactionPlace {
  const view = viewOf(key);
  const at = key.byteLength - indexBytes;
  return { height: readHeight(view, at - heightBytes), index: view.getUint16(at) };
}

/** The entries for a canonical block. */
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
