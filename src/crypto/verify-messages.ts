import type { SignatureSet } from "./zip215.ts";

/** What a thread is asked: `native` for the verdicts of libsodium (`NativeVerdict`), else those of ZIP-215 (0 or 1). */
export interface VerifyRequest {
  packed: Uint8Array<ArrayBuffer>;
  native: boolean;
}

/** A signature set whose message is a signing root: key (32), message (32), signature (64). */
export const packedBytes = 128;

export function isPackable({ publicKey, message, signature }: SignatureSet): boolean {
  return publicKey.length === 32 && message.length === 32 && signature.length === 64;
}

export function pack(packed: Uint8Array, index: number, set: SignatureSet): void {
  const at = index * packedBytes;
  packed.set(set.publicKey, at);
  packed.set(set.message, at + 32);
  packed.set(set.signature, at + 64);
}

export function unpack(packed: Uint8Array, index: number): SignatureSet {
  const at = index * packedBytes;
  return {
    publicKey: packed.subarray(at, at + 32),
    message: packed.subarray(at + 32, at + 64),
    signature: packed.subarray(at + 64, at + packedBytes),
  };
}
