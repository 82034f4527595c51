import { createPrivateKey, createPublicKey, sign as opensslSign } from "node:crypto";
import { crypto_sign_verify_detached } from "sodium-native";
import { isAddress } from "./address.ts";

/** One signature to check: 64 bytes over `message` under the 32-byte `publicKey` (RFC 8032). */
export interface SignatureSet {
  publicKey: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
  /** True if `publicKey` is not known to be an address. The verdict is false if it is none. */
  newKey?: boolean;
  /** An address that the message names and that is not known to be valid. The verdict is false if it is not. */
  address?: Uint8Array | undefined;
}

/** Bytes to check for being an address. */
export interface AddressSet {
  address: Uint8Array;
}

/**
 * The priority of a call. `later`: transactions that wait for a block; however many there are, blocks and votes, which
 * are `first`, do not wait for them. `threads`: like `first`, but on other threads even for a few signatures, because
 * more calls like it follow.
 */
export type VerifyOrder = "first" | "threads" | "later";

/** True if the set at this index was found right after it was given to `Verify`, by another call. */
export type IsRight = (index: number) => boolean;

/**
 * Resolves to one verdict per set, in order, and never rejects. The default `order` is `first`. `isRight` is asked when
 * the turn of a set has come, and spares the check.
 */
export type Verify = (
  sets: readonly (SignatureSet | AddressSet)[],
  order?: VerifyOrder,
  isRight?: IsRight,
) => Promise<boolean[]>;

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
 * The rule of docs/consensus.md: s < L, encode(sB - kA) = R, R not the identity. libsodium checks exactly this for a
 * key that is an address, as the keys of accounts and authorities are (ADR 7); `newKey` says that the key has to be
 * checked too.
 */
export function verifySet(set: SignatureSet | AddressSet): boolean {
  if (!("message" in set)) return isAddress(set.address);
  const { publicKey, message, signature } = set;
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return (
    crypto_sign_verify_detached(signature, message, publicKey) &&
    (!set.newKey || isAddress(publicKey)) &&
    (!set.address || isAddress(set.address))
  );
}

/** Checks on this thread, at once: for commands and tests. A node uses a `VerifyPool`. */
export const verifySignatures: Verify = async (sets) => sets.map(verifySet);
