import { getPublicKey, hashes, sign as nobleSign, verify as nobleVerify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Address, encodeAddress } from "./address.ts";
import { concatBytes, fromHex, malformed } from "./bytes.ts";

/** Where WebCrypto does not do: pages that did not come over HTTPS have none, older browsers have it without Ed25519. */
hashes.sha512 = sha512;

const seedBytes = 32;
/** RFC 8410: what precedes a seed in the DER form of a private key. */
const pkcs8Prefix = fromHex("0x302e020100300506032b657004220420");

/** An account's private key. */
export interface Key {
  readonly publicKey: Uint8Array;
  readonly address: Address;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** 32 random bytes: an account's secret, to be kept safe. Whoever has it has the coins. */
export function generateSeed(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(seedBytes));
}

/** `seed`: the private key of RFC 8032. WebCrypto signs where it can; the key itself does not leave it again. */
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

/** By the rules of ZIP-215: what WebCrypto refuses, noble decides. Never throws. */
export async function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (await verifyNatively(publicKey, message, signature)) return true;
  try {
    return nobleVerify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
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

async function verifyNatively(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(message));
  } catch {
    return false;
  }
}
