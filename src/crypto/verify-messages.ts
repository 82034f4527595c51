import type { AddressSet, SignatureSet } from "./ed25519.ts";

/** An item of work of `VerifyPool`. */
export type AnySet = SignatureSet | AddressSet;

/** The sets of one request, packed one after another. */
export interface VerifyRequest {
  packed: Uint8Array<ArrayBuffer>;
}

const layout = { flags: 0, publicKey: 1, message: 33, signature: 65, address: 129 } as const;
const flags = { signature: 1, newKey: 2, address: 4 } as const;

/** A set whose message is a signing root: flags (1), key (32), message (32), signature (64), address (32). */
export const packedBytes = 161;

export function isPackable(set: AnySet): boolean {
  if (set.address && set.address.length !== 32) return false;
  if (!("message" in set)) return true;
  return set.publicKey.length === 32 && set.message.length === 32 && set.signature.length === 64;
}

export function pack(packed: Uint8Array, index: number, set: AnySet): void {
  const at = index * packedBytes;
  if (set.address) {
    packed[at + layout.flags]! |= flags.address;
    packed.set(set.address, at + layout.address);
  }
  if (!("message" in set)) return;
  packed[at + layout.flags]! |= flags.signature | (set.newKey ? flags.newKey : 0);
  packed.set(set.publicKey, at + layout.publicKey);
  packed.set(set.message, at + layout.message);
  packed.set(set.signature, at + layout.signature);
}

export function unpack(packed: Uint8Array, index: number): AnySet {
  const set = packed.subarray(index * packedBytes, (index + 1) * packedBytes);
  const address = set.subarray(layout.address);
  const has = set[layout.flags]!;
  if ((has & flags.signature) === 0) return { address };
  return {
    publicKey: set.subarray(layout.publicKey, layout.message),
    message: set.subarray(layout.message, layout.signature),
    signature: set.subarray(layout.signature, layout.address),
    newKey: (has & flags.newKey) !== 0,
    address: has & flags.address ? address : undefined,
  };
}
