import { crc32 } from "node:zlib";
import { readUint32, toHex } from "../util/bytes.ts";
import { damaged } from "./damaged.ts";
import { keySpaces } from "./key-spaces.ts";

const checksumBytes = 4;

/** Key spaces without a checksum. Places lead to transactions whose ids are compared anyway. */
const unsealed: readonly number[] = [keySpaces.transactionPlace];

/** The buffer that `seal` returns views of: only one value at a time is being sealed. */
let buffer = new Uint8Array(64 * 1024);

/**
 * The value followed by the CRC-32 of key and value, because LevelDB returns damaged bytes without an error. Use the
 * result before the next call.
 */
export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  if (unsealed.includes(key[0]!)) return value;
  const length = key.length + value.length;
  if (buffer.length < length + checksumBytes) buffer = new Uint8Array(length + checksumBytes);
  buffer.set(key);
  buffer.set(value, key.length);
  const checksum = crc32(buffer.subarray(0, length));
  for (let at = 0; at < checksumBytes; at++) buffer[length + at] = checksum >>> (24 - 8 * at);
  return buffer.subarray(key.length, length + checksumBytes);
}

/** The same bytes as an array that `slice` copies: LevelDB gives Buffers, whose `slice` does not. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws {CodedError} `DAMAGED` */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (unsealed.includes(key[0]!)) return plain(sealed);
  const length = sealed.length - checksumBytes;
  if (length >= 0) {
    const value = new Uint8Array(sealed.buffer, sealed.byteOffset, length);
    if (readUint32(sealed, length) === crc32(value, crc32(key))) return value;
  }
  const space = Object.entries(keySpaces).find(([, number]) => number === key[0])?.[0] ?? "unknown";
  return damaged(`${space} entry ${toHex(key.subarray(1))} does not match its checksum`);
}
