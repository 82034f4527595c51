import { bech32m } from "@scure/base";
import { crypto_core_ed25519_is_valid_point } from "sodium-native";
import { toBinary } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { LruMap } from "../util/lru.ts";

/** An Ed25519 public key written as bech32m (BIP-350) with the prefix `cc`: 61 characters. */
export type Address = string;

const prefix = "cc";
const keyBytes = 32;

/**
 * True for the canonical 32 bytes of a point of the prime-order subgroup other than the identity: only these may become
 * an account or an authority. The check takes 40 µs, most of a signature check; `Verify` does many of them on threads.
 */
export function isAddress(bytes: Uint8Array): boolean {
  return bytes.length === keyBytes && crypto_core_ed25519_is_valid_point(bytes);
}

/** BIP-173's characters in the order of their values. */
const characters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/** The value of each character by its code, -1 for all others. */
const values = new Int8Array(128).fill(-1);
for (const [value, character] of [...characters].entries()) values[character.charCodeAt(0)] = value;
/** The checksum's final value (BIP-350), after its state has taken in the prefix. */
const checksum = 0x2bc830a3;
const stateAfterPrefix = [3, 3, 0, 3, 3].reduce(step, 1);
const addressLength = 61;
const dataStart = prefix.length + 1;

const codes = Uint8Array.from(characters, (character) => character.charCodeAt(0));
const checksumLength = 6;
/** The text that `encodeAddress` is writing. */
const written = Uint8Array.from(`${prefix}1`.padEnd(addressLength), (character) => character.charCodeAt(0));

/** Lists name hundreds of addresses: this takes a fraction of the time of a general encoder. */
export function encodeAddress(publicKey: Uint8Array): Address {
  let state = stateAfterPrefix;
  let bits = 0;
  let buffer = 0;
  let next = dataStart;
  for (let at = 0; at <= keyBytes; at++) {
    // Zeros fill the last character of the key.
    buffer = ((buffer << 8) | (publicKey[at] ?? 0)) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) {
      const value = (buffer >> (bits - 5)) & 31;
      state = step(state, value);
      written[next++] = codes[value]!;
    }
  }
  for (let at = 0; at < checksumLength; at++) state = step(state, 0);
  state ^= checksum;
  for (let at = checksumLength - 1; at >= 0; at--) written[next++] = codes[(state >>> (5 * at)) & 31]!;
  return toBinary(written);
}

/**
 * Writes the 32 key bytes of an address in lower case to `out`. Returns false if the text is no address; `out` is then
 * undefined. The key itself is checked together with the transaction's signature (`isAddress`).
 */
export function decodeAddressInto(address: unknown, out: Uint8Array, at: number): boolean {
  if (typeof address !== "string" || address.length !== addressLength || !address.startsWith("cc1"))
    return false;
  let state = stateAfterPrefix;
  let bits = 0;
  let buffer = 0;
  let next = at;
  for (let index = dataStart; index < addressLength; index++) {
    const value = values[address.charCodeAt(index)] ?? -1;
    if (value < 0) return false;
    state = step(state, value);
    if (next === at + keyBytes) continue;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out[next++] = buffer >> bits;
    // The last character of the key has four bits too many, which must be 0.
    if (next === at + keyBytes && (buffer & ((1 << bits) - 1)) !== 0) return false;
  }
  return state === checksum;
}

/** BIP-173's `polymod`, for one value. */
function step(state: number, value: number): number {
  const top = state >>> 25;
  let next = ((state & 0x1ffffff) << 5) ^ value;
  if (top & 1) next ^= 0x3b6a57b2;
  if (top & 2) next ^= 0x26508e6d;
  if (top & 4) next ^= 0x1ea119fa;
  if (top & 8) next ^= 0x3d4233dd;
  if (top & 16) next ^= 0x2a1462b3;
  return next;
}

/** Addresses that were found valid: clients ask for the same ones again and again. */
const valid = new LruMap<Address, true>(1_024);

/** @throws {UserError} `BAD_ADDRESS` that says what is wrong. */
export function decodeAddress(address: string): Uint8Array {
  const key = decodeAddressText(address);
  if (valid.has(address) || isAddress(key)) {
    valid.set(address, true);
    return key;
  }
  throw new UserError(`an address that no key belongs to: ${JSON.stringify(address)}`, "BAD_ADDRESS");
}

/** The bytes that the text encodes, whether they are an address or not. @throws {UserError} `BAD_ADDRESS` */
export function decodeAddressText(address: string): Uint8Array {
  const key = new Uint8Array(keyBytes);
  if (decodeAddressInto(address, key, 0)) return key;
  const shown = JSON.stringify(address.slice(0, 80));
  const decoded = bech32m.decodeUnsafe(address);
  if (!decoded) throw new UserError(`not an address (a typing error?): ${shown}`, "BAD_ADDRESS");
  if (decoded.prefix !== prefix) {
    throw new UserError(`an address starts with "${prefix}1": ${shown}`, "BAD_ADDRESS");
  }
  const bytes = bech32m.fromWordsUnsafe(decoded.words);
  if (bytes?.length !== keyBytes)
    throw new UserError(`an address holds ${keyBytes} bytes: ${shown}`, "BAD_ADDRESS");
  return bytes;
}
