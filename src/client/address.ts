import { Point } from "@noble/ed25519";
import { bech32m } from "@scure/base";
import { malformed, shown } from "./bytes.ts";

/** An Ed25519 public key as bech32m (BIP-350) with the prefix `cc`: 61 characters. */
export type Address = string;

const prefix = "cc";
const keyBytes = 32;

export function encodeAddress(publicKey: Uint8Array): Address {
  return bech32m.encode(prefix, bech32m.toWords(publicKey));
}

/** Checks that are remembered, since each takes a millisecond; a chain has at most half as many authorities. */
const maxRemembered = 2048;
const remembered = new Map<string, boolean>();

/**
 * True if these are the canonical 32 bytes of a point of the prime-order subgroup other than the identity: the rule of
 * docs/consensus.md. Without it, implementations would disagree on whether some signatures are valid.
 */
export function isAccountKey(bytes: Uint8Array): boolean {
  if (bytes.length !== keyBytes) return false;
  const name = encodeAddress(bytes);
  const known = remembered.get(name);
  if (known !== undefined) return known;
  let is: boolean;
  try {
    const point = Point.fromBytes(bytes);
    is = !point.is0() && point.isTorsionFree();
  } catch {
    is = false;
  }
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(name, is);
  return is;
}

/** Returns the public key. @throws {ClientError} `MALFORMED`, also if the bytes of the address are no valid key */
export function decodeAddress(address: Address): Uint8Array<ArrayBuffer> {
  const bytes = addressBytes(address);
  if (!isAccountKey(bytes)) malformed(`an address that no key belongs to: ${shown(address)}`);
  return bytes;
}

/** Returns the bytes of an address without checking the point: enough for a hash that is compared with a chain's. */
export function addressBytes(address: Address): Uint8Array<ArrayBuffer> {
  const decoded = typeof address === "string" ? bech32m.decodeUnsafe(address) : undefined;
  const bytes = decoded?.prefix === prefix ? bech32m.fromWordsUnsafe(decoded.words) : undefined;
  if (bytes?.length !== keyBytes) malformed(`not an address (a typing error?): ${shown(address)}`);
  return new Uint8Array(bytes);
}

export function isAddress(text: string): boolean {
  try {
    return decodeAddress(text).length === keyBytes;
  } catch {
    return false;
  }
}
