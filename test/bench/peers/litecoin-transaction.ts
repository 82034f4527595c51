import { ripemd160 } from "@noble/hashes/legacy.js";
import { bech32, createBase58check } from "@scure/base";
import { sha256 } from "../../../src/crypto/hash.ts";
import { concatBytes, toHex } from "../../../src/util/bytes.ts";

/** The prefix of addresses on litecoind's test network of one node. */
const addressPrefix = "rltc";
/** The version byte of secret keys on test networks. */
const secretKeyVersion = 0xef;

/** An output that pays to the hash of a public key (BIP 141). */
export interface Output {
  script: Uint8Array;
  /** The amount in the smallest unit. */
  amount: bigint;
}

/** An output of an earlier transaction. */
export interface Outpoint {
  txid: string;
  index: number;
}

export function witnessAddress(publicKey: Uint8Array): string {
  return bech32.encode(addressPrefix, [0, ...bech32.toWords(keyHash(publicKey))]);
}

/** Returns the output script of an address: version 0 and 20 bytes. */
export function witnessScript(publicKey: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0, 20), keyHash(publicKey));
}

/** Encodes a secret key in the form that litecoind imports, for a compressed public key. */
export function importedKey(secretKey: Uint8Array): string {
  const bytes = concatBytes(Uint8Array.of(secretKeyVersion), secretKey, Uint8Array.of(1));
  return createBase58check(sha256).encode(bytes);
}

/** Encodes a transaction with one input and no signature, and returns its id, which signing does not change. */
export function unsignedTransaction(
  spent: Outpoint,
  outputs: readonly Output[],
): { hex: string; txid: string } {
  const bytes = concatBytes(
    uint32(2),
    Uint8Array.of(1),
    Buffer.from(spent.txid, "hex").reverse(),
    uint32(spent.index),
    Uint8Array.of(0),
    uint32(0xffff_ffff),
    Uint8Array.of(outputs.length),
    ...outputs.flatMap(({ script, amount }) => [uint64(amount), Uint8Array.of(script.length), script]),
    uint32(0),
  );
  const id = sha256(sha256(bytes)).toReversed();
  return { hex: withoutPrefix(bytes), txid: withoutPrefix(id) };
}

export function withoutPrefix(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

function keyHash(publicKey: Uint8Array): Uint8Array {
  return ripemd160(sha256(publicKey));
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
