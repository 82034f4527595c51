import { bech32m } from "@scure/base";
import { UserError } from "../util/errors.ts";

/** An Ed25519 public key written as bech32m (BIP-350) with the prefix `cc`: 61 characters. */
export type Address = string;

const prefix = "cc";
const keyBytes = 32;

export function encodeAddress(publicKey: Uint8Array): Address {
  return bech32m.encode(prefix, bech32m.toWords(publicKey));
}

/** @throws {UserError} `BAD_ADDRESS` that says what is wrong. */
export function decodeAddress(address: string): Uint8Array {
  const shown = JSON.stringify(address.slice(0, 80));
  let decoded: ReturnType<typeof bech32m.decodeUnsafe>;
  try {
    decoded = bech32m.decodeUnsafe(address);
  } catch {
    decoded = undefined;
  }
  if (!decoded) throw new UserError(`not an address (a typing error?): ${shown}`, "BAD_ADDRESS");
  if (decoded.prefix !== prefix) {
    throw new UserError(`an address starts with "${prefix}1": ${shown}`, "BAD_ADDRESS");
  }
  const bytes = bech32m.fromWordsUnsafe(decoded.words);
  if (bytes?.length !== keyBytes)
    throw new UserError(`an address holds ${keyBytes} bytes: ${shown}`, "BAD_ADDRESS");
  return bytes;
}
