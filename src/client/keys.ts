import { getPublicKey, hash, hashes, sign as nobleSign, Point } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Address, encodeAddress, isAccountKey } from "./address.ts";
import { concatBytes, fromHex, malformed } from "./bytes.ts";

/** Noble's fallback needs a hash: pages without HTTPS have no WebCrypto, and older browsers have no Ed25519. */
hashes.sha512 = sha512;

const seedBytes = 32;
const keyBytes = 32;
const signatureBytes = 64;
/** The order L of the group (RFC 8032). */
const groupOrder = Point.CURVE().n;
/** The bytes that precede a seed in the DER form of a private key (RFC 8410). */
const pkcs8Prefix = fromHex("0x302e020100300506032b657004220420");

/** An account's private key. */
export interface Key {
  readonly publicKey: Uint8Array;
  readonly address: Address;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Returns 32 random bytes as the secret of a new account. Keep it safe: whoever has it can spend the coins. */
export function generateSeed(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(seedBytes));
}

/** Makes a key from `seed`, the private key of RFC 8032. If it can, WebCrypto holds it, signs, and never returns it. */
export async function keyFromSeed(seed: Uint8Array): Promise<Key> {
  if (seed.length !== seedBytes) malformed(`an Ed25519 seed has ${seedBytes} bytes, not ${seed.length}`);
  const publicKey = getPublicKey(seed);
  const signNatively = await nativeSigner(seed);
  const ownSeed = seed.slice();
  return {
    publicKey,
    address: encodeAddress(publicKey),
    sign: signNatively ?? (async (message) => nobleSign(message, ownSeed)),
  };
}

/**
 * Verifies by the chain's rule (docs/consensus.md): the key is a valid account key, s < L, encode(sB - kA) = R, and R
 * is not the identity. For such keys WebCrypto gives exactly this answer; without WebCrypto, noble's arithmetic
 * decides. Never throws.
 */
export async function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes || isIdentity(signature))
    return false;
  const native = await verifyNatively(publicKey, message, signature);
  if (native === false || !isAccountKey(publicKey)) return false;
  return native ?? verifyByNoble(publicKey, message, signature);
}

/** True if the R of a signature encodes the identity. */
function isIdentity(signature: Uint8Array): boolean {
  return signature.subarray(0, keyBytes).every((byte, at) => byte === (at === 0 ? 1 : 0));
}

/** Computes the rule literally, because noble's own `verify` multiplies by the cofactor. */
function verifyByNoble(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const R = signature.subarray(0, keyBytes);
  const s = littleEndian(signature.subarray(keyBytes));
  if (s >= groupOrder) return false;
  const k = littleEndian(hash(concatBytes(R, publicKey, message))) % groupOrder;
  const sB = Point.BASE.multiply(s, false);
  const kA = Point.fromBytes(publicKey).multiply(k, false);
  const expected = sB.subtract(kA).toBytes();
  return expected.every((byte, at) => byte === R[at]);
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

async function nativeSigner(seed: Uint8Array): Promise<Key["sign"] | undefined> {
  try {
    const der = concatBytes(pkcs8Prefix, seed);
    const key = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]);
    return async (message) =>
      new Uint8Array(await crypto.subtle.sign("Ed25519", key, new Uint8Array(message)));
  } catch {
    return undefined;
  }
}

/** Resolves to undefined if WebCrypto is missing or has no Ed25519. */
async function verifyNatively(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | undefined> {
  try {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(message));
  } catch {
    return undefined;
  }
}
