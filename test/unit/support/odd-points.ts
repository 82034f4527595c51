import { hash, hashes, Point } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import type { SignatureSet } from "../../../src/crypto/ed25519.ts";
import { concatBytes } from "../../../src/util/bytes.ts";

hashes.sha512 = sha512;

/** The orders of the field and of the group (RFC 8032, section 5.1). */
export const { p, n: order } = Point.CURVE();

/** Encodes y in little-endian with the sign of x in the highest bit. */
export function encode(y: bigint, sign = false): Uint8Array {
  const out = new Uint8Array(Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse());
  if (sign) out[31]! |= 0x80;
  return out;
}

/** The eight points whose order divides 8: the multiples of one of order 8, found by removing the large factor. */
export const torsion: readonly Point[] = torsionPoints();

function torsionPoints(): Point[] {
  for (let y = 2n; ; y++) {
    let point: Point;
    try {
      point = Point.fromBytes(encode(y), true);
    } catch {
      continue;
    }
    const generator = point.multiplyUnsafe(order - 1n).add(point);
    const multiples = [Point.ZERO];
    for (let i = 1; i < 8; i++) multiples.push(multiples[i - 1]!.add(generator));
    if (new Set(multiples.map((each) => each.toHex())).size === 8) return multiples;
  }
}

/** All encodings of the eight points: y or y + p if it fits 255 bits, and both signs if x is 0. */
export const smallOrder: readonly Uint8Array[] = torsion.flatMap((point) => {
  const { x, y } = point.toAffine();
  const ys = y + p < 2n ** 255n ? [y, y + p] : [y];
  const signs = x === 0n ? [false, true] : [(x & 1n) === 1n];
  return ys.flatMap((each) => signs.map((sign) => encode(each, sign)));
});

/**
 * Makes a signature with small-order parts in key and R. It satisfies sB = R + kA with the cofactor, and without it
 * only if k times `forKey` is minus `forR`.
 */
export function mixedSet(message: Uint8Array, forKey: Point, forR: Point, r = 987_654_321n): SignatureSet {
  return setWithR(message, forKey, new Uint8Array(Point.BASE.multiplyUnsafe(r).add(forR).toBytes()), r);
}

/** Makes a signature that has these bytes as its R, where rB is expected. */
export function setWithR(message: Uint8Array, forKey: Point, R: Uint8Array, r: bigint): SignatureSet {
  const a = 123_456_789n;
  const publicKey = new Uint8Array(Point.BASE.multiply(a).add(forKey).toBytes());
  const k = challenge(R, publicKey, message);
  return { publicKey, message, signature: concatBytes(R, encode((r + k * a) % order)) };
}

function challenge(R: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  const digest = hash(concatBytes(R, publicKey, message));
  return BigInt(`0x${Buffer.from(digest).reverse().toString("hex")}`) % order;
}

/**
 * Computes the rule of docs/consensus.md literally with noble's arithmetic, as a reference for libsodium and the
 * client.
 */
export function isSignedByRule({ publicKey, message, signature }: SignatureSet): boolean {
  try {
    const A = Point.fromBytes(publicKey);
    if (A.is0() || !A.isTorsionFree() || signature.length !== 64) return false;
    const R = signature.slice(0, 32);
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString("hex")}`);
    if (s >= order || Buffer.from(R).equals(encode(1n))) return false;
    const kA = A.multiplyUnsafe(challenge(R, publicKey, message));
    return Buffer.from(Point.BASE.multiplyUnsafe(s).subtract(kA).toBytes()).equals(R);
  } catch {
    return false;
  }
}
