import { createPrivateKey, createPublicKey, sign as opensslSign } from "node:crypto";
import { nativeVerdicts, type SignatureSet, verifyNative, verifyZip215 } from "./zip215.ts";

export type { SignatureSet } from "./zip215.ts";

/** Checks signatures by the ZIP-215 rules; resolves to one verdict a set, in order, and never rejects. */
export type Verify = (sets: readonly SignatureSet[]) => Promise<boolean[]>;

/** RFC 8410: what precedes the 32 raw bytes in the DER form of a key. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

export interface KeyPair {
  publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** `seed`: the 32-byte private key of RFC 8032. */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== 32) throw new RangeError(`an Ed25519 seed has 32 bytes, not ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(spkiPrefix.length)),
    sign: (message) => new Uint8Array(opensslSign(null, message, key)),
  };
}

/** Checks in this thread, at once but for what only noble can decide: for commands and tests. A node has a `VerifyPool`. */
export const verifySignatures: Verify = (sets) =>
  Promise.all(
    sets.map((set) => {
      const verdict = verifyNative(set);
      return verdict === nativeVerdicts.unknown ? verifyZip215(set) : verdict === nativeVerdicts.valid;
    }),
  );
