import { crc32 } from "node:zlib";
import { toHex } from "../util/bytes.ts";
import { damaged } from "./damaged.ts";
import { keySpaces } from "./key-spaces.ts";

const checksumBytes = 4;

/** The value followed by the CRC-32 of key and value: LevelDB returns damaged bytes as if they were sound. */
export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(value.length + checksumBytes);
  sealed.set(value);
  new DataView(sealed.buffer).setUint32(value.length, crc32(value, crc32(key)));
  return sealed;
}

/** The same bytes as an array that `slice` copies: LevelDB gives Buffers, whose `slice` does not. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws {CodedError} `DAMAGED` */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const length = sealed.length - checksumBytes;
  if (length >= 0) {
    const value = plain(sealed).subarray(0, length);
    const stored = new DataView(sealed.buffer, sealed.byteOffset).getUint32(length);
    if (stored === crc32(value, crc32(key))) return value;
  }
  const space = Object.entries(keySpaces).find(([, number]) => number === key[0])?.[0] ?? "unknown";
  return damaged(`${space} entry ${toHex(key.subarray(1))} does not match its checksum`);
}
