import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex } from "../../../src/util/bytes.ts";

/** Signs a digest, and returns both halves of the signature and the parity of its point. */
export type SignDigest = (digest: Uint8Array) => { signature: Uint8Array; recoveryId: number };

/** A transfer of Ethereum in the form before EIP-2718, with the chain in its signature (EIP-155). */
export interface LegacyTransfer {
  nonce: bigint;
  gasPrice: bigint;
  gasLimit: bigint;
  to: Uint8Array;
  value: bigint;
  chainId: bigint;
}

/** Returns the address of an uncompressed public key. */
export function ethereumAddress(publicKey: Uint8Array): Uint8Array {
  return keccak_256(publicKey.subarray(1)).subarray(12);
}

/** Signs a transfer and returns its encoding in hex, and its hash, by which the chain knows it. */
export function signLegacy(transfer: LegacyTransfer, sign: SignDigest): { raw: string; hash: string } {
  const { nonce, gasPrice, gasLimit, to, value, chainId } = transfer;
  const fields = [number(nonce), number(gasPrice), number(gasLimit), to, number(value), empty];
  const { signature, recoveryId } = sign(keccak_256(rlpList([...fields, number(chainId), empty, empty])));
  const v = chainId * 2n + 35n + BigInt(recoveryId);
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(withoutZeros);
  const raw = rlpList([...fields, number(v), r!, s!]);
  return { raw: toHex(raw), hash: toHex(keccak_256(raw)) };
}

const empty = new Uint8Array();

/** Encodes a number as RLP wants it: big-endian without leading zeros, and zero as no byte. */
function number(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return withoutZeros(Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex"));
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? empty : bytes.subarray(first);
}

/** Encodes a list of byte strings (Ethereum's recursive length prefix). */
export function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(items.map(rlpString));
  return Buffer.concat([rlpHead(0xc0, body.length), body]);
}

function rlpString(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && bytes[0]! < 0x80) return bytes;
  return Buffer.concat([rlpHead(0x80, bytes.length), bytes]);
}

function rlpHead(offset: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(offset + length);
  const bytes = number(BigInt(length));
  return Uint8Array.of(offset + 55 + bytes.length, ...bytes);
}
