import { bech32m } from "@scure/base";
import { malformed, shown } from "./bytes.ts";

/** An Ed25519 public key as bech32m (BIP-350) with the prefix `cc`: 61 characters. */
export type Address = string;

const prefix = "cc";
const keyBytes = 32;

export function encodeAddress(publicKey: Uint8Array): Address {
  return bech32m.encode(prefix, bech32m.toWords(publicKey));
}

/** The public key. @throws {ClientError} `MALFORMED` */
export function decodeAddress(address: Address): Uint8Array<ArrayBuffer> {
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
