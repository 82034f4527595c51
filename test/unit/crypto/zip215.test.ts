import { createPublicKey, verify } from "node:crypto";
import { hashes, Point, verifyAsync } from "@noble/ed25519";
import { describe, expect, it } from "vitest";
import { keyPairFromSeed, type SignatureSet, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { concatBytes, toHex } from "../../../src/util/bytes.ts";

/** Of the field and of the group (RFC 8032, section 5.1). */
const { p, n: order } = Point.CURVE();
const message = new TextEncoder().encode("Zcash");

/** The eight points whose order divides 8: multiples of one of order 8, found by removing the large factor. */
function torsionPoints(): Point[] {
  for (let y = 2n; ; y++) {
    let point: Point;
    try {
      point = Point.fromBytes(encode(y, false), true);
    } catch {
      continue;
    }
    const generator = point.multiplyUnsafe(order - 1n).add(point);
    const multiples = [Point.ZERO];
    for (let i = 1; i < 8; i++) multiples.push(multiples[i - 1]!.add(generator));
    if (new Set(multiples.map((each) => each.toHex())).size === 8) return multiples;
  }
}

/** y little-endian, with the sign of x in the highest bit. */
function encode(y: bigint, sign: boolean): Uint8Array {
  const out = new Uint8Array(Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse());
  if (sign) out[31]! |= 0x80;
  return out;
}

/** Every text of a point: y or y + p where it fits 255 bits, and both signs where x is 0. */
function encodings(point: Point): Uint8Array[] {
  const { x, y } = point.toAffine();
  const ys = y + p < 2n ** 255n ? [y, y + p] : [y];
  const signs = x === 0n ? [false, true] : [(x & 1n) === 1n];
  return ys.flatMap((each) => signs.map((sign) => encode(each, sign)));
}

function scalar(value: bigint): Uint8Array {
  return encode(value, false);
}

function noble({ publicKey, message, signature }: SignatureSet): Promise<boolean> {
  return verifyAsync(signature, message, publicKey, { zip215: true }).catch(() => false);
}

function openssl({ publicKey, message, signature }: SignatureSet): boolean {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey]);
  try {
    return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
  } catch {
    return false;
  }
}

async function expectNobleVerdicts(sets: SignatureSet[]): Promise<boolean[]> {
  const [ours, nobles] = await Promise.all([verifySignatures(sets), Promise.all(sets.map(noble))]);
  const different = sets.filter((_, index) => ours[index] !== nobles[index]);
  expect(different.map((set) => `${toHex(set.publicKey)} ${toHex(set.signature)}`)).toEqual([]);
  return ours;
}

const torsion = torsionPoints();
const smallOrder = torsion.flatMap(encodings);

describe("ZIP-215", () => {
  it("knows 14 encodings of the 8 small-order points, 6 of them non-canonical", () => {
    expect(smallOrder).toHaveLength(14);
    expect(
      smallOrder.filter((bytes) => toHex(Point.fromBytes(bytes, true).toBytes()) !== toHex(bytes)),
    ).toHaveLength(6);
  });

  it("accepts all 196 pairs of small-order key and R with s = 0", async () => {
    const sets = smallOrder.flatMap((publicKey) =>
      smallOrder.map((R) => ({ publicKey, message, signature: concatBytes(R, scalar(0n)) })),
    );
    const verdicts = await expectNobleVerdicts(sets);
    expect(verdicts).toHaveLength(196);
    expect(verdicts).not.toContain(false);
    // What makes the second opinion necessary.
    expect(sets.filter((set) => !openssl(set)).length).toBeGreaterThan(0);
  });

  it("agrees where s is not 0", async () => {
    const sets = smallOrder.flatMap((publicKey) =>
      smallOrder.slice(0, 4).map((R) => ({ publicKey, message, signature: concatBytes(R, scalar(1n)) })),
    );
    expect(await expectNobleVerdicts(sets)).not.toContain(true);
  });

  it("accepts keys and R with a small-order part", async () => {
    const a = 123_456_789n;
    const r = 987_654_321n;
    const sets: SignatureSet[] = [];
    for (const forKey of torsion) {
      for (const forR of torsion) {
        const publicKey = new Uint8Array(Point.BASE.multiply(a).add(forKey).toBytes());
        const R = new Uint8Array(Point.BASE.multiply(r).add(forR).toBytes());
        const digest = await hashes.sha512Async(concatBytes(R, publicKey, message));
        const k = BigInt(`0x${Buffer.from(digest).reverse().toString("hex")}`) % order;
        sets.push({ publicKey, message, signature: concatBytes(R, scalar((r + k * a) % order)) });
      }
    }
    expect(await expectNobleVerdicts(sets)).not.toContain(false);
    expect(sets.filter((set) => !openssl(set)).length).toBeGreaterThan(0);
  });

  it("refuses s that is not below the group's order", async () => {
    const pair = keyPairFromSeed(new Uint8Array(32).fill(3));
    const signature = pair.sign(message);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
    const values = [s, s + order, s + 2n * order, s + 8n * order].filter((value) => value < 2n ** 256n);
    const sets = values.map((value) => ({
      publicKey: pair.publicKey,
      message,
      signature: concatBytes(signature.subarray(0, 32), scalar(value)),
    }));
    const zero = smallOrder.map((publicKey) => ({
      publicKey,
      message,
      signature: concatBytes(publicKey, scalar(order)),
    }));
    const [valid, ...others] = await expectNobleVerdicts([...sets, ...zero]);
    expect(valid).toBe(true);
    expect(others).not.toContain(true);
  });

  it("agrees on every y from p to 2^255 - 1, as key and as R", async () => {
    const own = keyPairFromSeed(new Uint8Array(32).fill(4));
    const ys = Array.from({ length: 19 }, (_, index) => p + BigInt(index));
    const points = ys.flatMap((y) => [encode(y, false), encode(y, true)]);
    const sets = points.flatMap((point) => [
      { publicKey: point, message, signature: concatBytes(point, scalar(0n)) },
      { publicKey: own.publicKey, message, signature: concatBytes(point, scalar(5n)) },
    ]);
    const verdicts = await expectNobleVerdicts(sets);
    // y = p and y = p + 1 are 0 and 1: small order.
    expect(verdicts.filter(Boolean).length).toBeGreaterThanOrEqual(4);
  });

  it("agrees on bytes that are no point", async () => {
    const sets: SignatureSet[] = [];
    for (let y = 2n; sets.length < 8; y++) {
      const publicKey = encode(y, false);
      try {
        Point.fromBytes(publicKey, true);
      } catch {
        sets.push({ publicKey, message, signature: concatBytes(smallOrder[0]!, scalar(0n)) });
        sets.push({ publicKey: smallOrder[0]!, message, signature: concatBytes(publicKey, scalar(0n)) });
      }
    }
    expect(await expectNobleVerdicts(sets)).not.toContain(true);
  });
});
