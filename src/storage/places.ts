import { keySpaces } from "./key-spaces.ts";

/** Of a transaction in the canonical chain. */
export interface TransactionPlace {
  height: number;
  index: number;
}

/** What the indexes hold of a block: its transactions, with the indexes of their senders' and receivers' accounts, -1 for none. */
export interface BlockPlaces {
  height: number;
  records: readonly { id: Uint8Array }[];
  /** Two a transaction. */
  parties: readonly number[];
}

/** Ids begin with as many bytes as make others with the same ones a rarity. */
const prefixBytes = 8;
/** Height (6) and index (2), big-endian. */
const placeLength = 8;
const maxHeight = 2 ** 48 - 1;
const maxIndex = 2 ** 16 - 1;

export function idPrefix(id: Uint8Array): Uint8Array {
  return id.subarray(0, prefixBytes);
}

/** The highest there can be where the place is beyond. */
export function placeBytes({ height, index }: TransactionPlace): Uint8Array {
  const bytes = new Uint8Array(placeLength);
  const view = new DataView(bytes.buffer);
  if (height > maxHeight) bytes.fill(0xff);
  else writePlace(view, 0, height, Math.min(index, maxIndex));
  return bytes;
}

/** The place at the end of a key. */
export function readPlace(key: Uint8Array): TransactionPlace {
  const at = key.byteLength - placeLength;
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return { height: view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2), index: view.getUint16(at + 6) };
}

/** The keys of a block in both indexes, in one buffer. */
export function placeKeys({ height, records, parties }: BlockPlaces): Uint8Array[] {
  const transactionKeyBytes = 1 + prefixBytes + placeLength;
  const accountKeyBytes = 1 + 4 + placeLength;
  const buffer = new Uint8Array(records.length * (transactionKeyBytes + 2 * accountKeyBytes));
  const view = new DataView(buffer.buffer);
  const keys: Uint8Array[] = [];
  let at = 0;
  for (const [index, { id }] of records.entries()) {
    buffer[at] = keySpaces.transactionPlace;
    for (let byte = 0; byte < prefixBytes; byte++) buffer[at + 1 + byte] = id[byte]!;
    writePlace(view, at + 1 + prefixBytes, height, index);
    keys.push(buffer.subarray(at, at + transactionKeyBytes));
    at += transactionKeyBytes;
    const [sender, receiver] = [parties[2 * index]!, parties[2 * index + 1]!];
    for (const account of sender === receiver ? [sender] : [sender, receiver]) {
      if (account < 0) continue;
      buffer[at] = keySpaces.accountPlace;
      view.setUint32(at + 1, account);
      writePlace(view, at + 5, height, index);
      keys.push(buffer.subarray(at, at + accountKeyBytes));
      at += accountKeyBytes;
    }
  }
  return keys;
}

function writePlace(view: DataView, at: number, height: number, index: number): void {
  view.setUint16(at, Math.floor(height / 2 ** 32));
  view.setUint32(at + 2, height >>> 0);
  view.setUint16(at + 6, index);
}
