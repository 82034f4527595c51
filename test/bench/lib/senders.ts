import { encodeAddress } from "../../../src/crypto/address.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { keyFromSeed, type SodiumKey } from "./sodium.ts";

/** Enough for any run; 2^20 of them stay below the largest amount. */
export const senderBalance = 10_000_000_000n;

/** The encoded size of a transfer without memo. */
export const transferBytes = 168;

/** The job to sign transfers `first` to before `end` of a run. */
export interface PresignJob {
  genesisId: Uint8Array;
  senders: number;
  first: number;
  end: number;
}

/** Returns the key of the account with this number, the same in every thread. */
export function senderKey(number: number): SodiumKey {
  return keyFromSeed(sha256(uint32Bytes(number)));
}

/** Returns the keys of the senders, at least two so that each can send to another. */
export function senderKeys(senders: number): Uint8Array[] {
  return Array.from({ length: Math.max(2, senders) }, (_, number) => senderKey(number).publicKey);
}

export function senderAddresses(senders: number): string[] {
  return senderKeys(senders).map(encodeAddress);
}

/** Returns the fields of transaction `index` of a run. Senders take turns, so that the nonces of each are in order. */
export function placeOf(index: number, senders: number): { from: number; to: number; nonce: number } {
  const from = index % senders;
  return { from, to: (from + 1) % Math.max(2, senders), nonce: Math.floor(index / senders) };
}
