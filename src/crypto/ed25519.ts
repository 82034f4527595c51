import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as opensslSign,
  verify as opensslVerify,
} from "node:crypto";
import { verifyAsync as nobleVerify } from "@noble/ed25519";

/** One signature to check: 64 bytes over `message` under the 32-byte `publicKey` (RFC 8032). */
export interface SignatureSet {
  publicKey: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
}

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

/**
 * OpenSSL first, on its thread pool; what it refuses, noble decides. OpenSSL's cofactorless equation implies ZIP-215's
 * cofactored one and it decodes no point that ZIP-215 refuses, so it never accepts what noble would not.
 */
export const verifySignatures: Verify = (sets) => Promise.all(sets.map(verifyOne));

async function verifyOne(set: SignatureSet): Promise<boolean> {
  if (set.publicKey.length !== 32 || set.signature.length !== 64) return false;
  return (await verifyNative(set)) || (await verifyZip215(set));
}

function verifyNative({ publicKey, message, signature }: SignatureSet): Promise<boolean> {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: "der", type: "spki" });
  } catch {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    opensslVerify(null, message, key, signature, (error, valid) => resolve(!error && valid));
  });
}

async function verifyZip215({ publicKey, message, signature }: SignatureSet): Promise<boolean> {
  try {
    return await nobleVerify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
}
