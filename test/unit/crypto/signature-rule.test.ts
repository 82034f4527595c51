import { readFileSync } from "node:fs";
import { Point } from "@noble/ed25519";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as client from "../../../src/client/index.ts";
import { isAddress } from "../../../src/crypto/address.ts";
import { keyPairFromSeed, type SignatureSet, verifySet } from "../../../src/crypto/ed25519.ts";
import { concatBytes, toHex } from "../../../src/util/bytes.ts";
import { encode, isSignedByRule, mixedSet, order, p, smallOrder, torsion } from "../support/odd-points.ts";

interface Vector {
  id: number;
  publicKey: string;
  message: string;
  signature: string;
  valid?: boolean;
}

function vectors(file: string): { id: number; valid: boolean; set: SignatureSet }[] {
  const url = new URL(`../../vectors/${file}`, import.meta.url);
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
  return (JSON.parse(readFileSync(url, "utf8")) as Vector[]).map((vector) => ({
    id: vector.id,
    valid: vector.valid ?? false,
    set: {
      publicKey: bytes(vector.publicKey),
      message: bytes(vector.message),
      signature: bytes(vector.signature),
    },
  }));
}

const message = new TextEncoder().encode("Zcash");
const own = keyPairFromSeed(new Uint8Array(32).fill(3));

type Check = (set: SignatureSet) => boolean | Promise<boolean>;

const subtle = Object.getOwnPropertyDescriptor(crypto, "subtle");
const withoutWebCrypto = () =>
  Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
function restoreWebCrypto() {
  if (subtle) Object.defineProperty(crypto, "subtle", subtle);
  else Reflect.deleteProperty(crypto, "subtle");
}

const inClient: Check = ({ publicKey, message, signature }) =>
  client.verifySignature(publicKey, message, signature);

describe.each<[string, Check, () => void]>([
  ["the node", (set) => verifySet({ ...set, newKey: true }), () => undefined],
  ["the client with WebCrypto", inClient, () => undefined],
  ["the client without WebCrypto", inClient, withoutWebCrypto],
  ["the rule on noble's arithmetic", isSignedByRule, () => undefined],
])("a signature as seen by %s", (_name, check, prepare) => {
  beforeEach(() => prepare());
  afterEach(() => restoreWebCrypto());

  async function accepted(sets: readonly SignatureSet[]): Promise<SignatureSet[]> {
    const verdicts = await Promise.all(sets.map(check));
    return sets.filter((_, index) => verdicts[index]);
  }

  it("gives the verdict of each Wycheproof vector", async () => {
    const wrong: number[] = [];
    const all = vectors("wycheproof-ed25519.json");
    for (const { id, valid, set } of all) if ((await check(set)) !== valid) wrong.push(id);
    expect(wrong).toEqual([]);
    expect(all).toHaveLength(151);
  });

  it("refuses every case of ed25519-speccheck: each has a key that is no address, or s >= L", async () => {
    const all = vectors("ed25519-speccheck.json").map(({ set }) => set);
    expect(all).toHaveLength(12);
    expect(await accepted(all)).toEqual([]);
  });

  it("refuses all 196 small-order cases of ZIP-215", async () => {
    const sets = smallOrder.flatMap((publicKey) =>
      smallOrder.map((R) => ({ publicKey, message, signature: concatBytes(R, encode(0n)) })),
    );
    expect(sets).toHaveLength(196);
    expect(await accepted(sets)).toEqual([]);
  });

  it("accepts a signature only without a small-order part in key and R", async () => {
    const sets = torsion.flatMap((forKey) => torsion.map((forR) => mixedSet(message, forKey, forR)));
    expect(await accepted(sets)).toEqual([mixedSet(message, Point.ZERO, Point.ZERO)]);
  });

  it("refuses an R of small order, also where the equation holds", async () => {
    const sets = torsion.map((forR) => mixedSet(message, Point.ZERO, forR, 0n));
    expect(await accepted(sets)).toEqual([]);
  });

  it("refuses an s that is not below the group's order", async () => {
    const signature = own.sign(message);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
    const values = [s, s + order, s + 2n * order, s + 8n * order].filter((value) => value < 2n ** 256n);
    const sets = values.map((value) => ({
      publicKey: own.publicKey,
      message,
      signature: concatBytes(signature.subarray(0, 32), encode(value)),
    }));
    expect(await accepted(sets)).toEqual([sets[0]]);
  });

  it("refuses a key or an R that is not canonical, or no point", async () => {
    const ys = Array.from({ length: 19 }, (_, index) => p + BigInt(index));
    const points = [...ys, 2n, 5n].flatMap((y) => [encode(y, false), encode(y, true)]);
    const sets = points.flatMap((point) => [
      { publicKey: point, message, signature: concatBytes(point, encode(0n)) },
      { publicKey: own.publicKey, message, signature: concatBytes(point, encode(5n)) },
    ]);
    expect(await accepted(sets)).toEqual([]);
  });

  it("refuses a key or a signature of a wrong length", async () => {
    const good = { publicKey: own.publicKey, message, signature: own.sign(message) };
    const sets = [
      good,
      { ...good, publicKey: good.publicKey.subarray(1) },
      { ...good, signature: good.signature.subarray(1) },
      { ...good, signature: concatBytes(good.signature, new Uint8Array(1)) },
    ];
    expect(await accepted(sets)).toEqual([good]);
  });
});

describe("an address", () => {
  const keys = Array.from(
    { length: 16 },
    (_, index) => keyPairFromSeed(new Uint8Array(32).fill(index)).publicKey,
  );
  const mixed = torsion.slice(1).map((point) => mixedSet(message, point, Point.ZERO).publicKey);
  const notCanonical = Array.from({ length: 19 }, (_, index) => encode(p + BigInt(index)));
  const noPoints = [encode(2n), new Uint8Array(32), new Uint8Array(32).fill(255), encode(p - 1n)];
  const others = [
    ...smallOrder,
    ...mixed,
    ...notCanonical,
    ...noPoints,
    new Uint8Array(31),
    new Uint8Array(33),
  ];

  it("an address is a canonical point of the prime-order subgroup other than the identity, for node and client", () => {
    expect(smallOrder).toHaveLength(14);
    for (const key of keys)
      expect([isAddress(key), client.isAddress(client.encodeAddress(key))]).toEqual([true, true]);
    const taken = others.filter((bytes) => isAddress(bytes) || client.isAddress(client.encodeAddress(bytes)));
    expect(taken.map(toHex)).toEqual([]);
  });

  it("checks an unknown address with a signature, and alone", () => {
    const good = { publicKey: own.publicKey, message, signature: own.sign(message) };
    for (const bytes of others) {
      expect(verifySet({ ...good, address: bytes })).toBe(false);
      expect(verifySet({ address: bytes })).toBe(false);
    }
    expect(verifySet({ ...good, newKey: true, address: own.publicKey })).toBe(true);
    expect(verifySet({ address: own.publicKey })).toBe(true);
    // A key of mixed order whose signature fits without the cofactor: only the check of the key refuses it.
    const mixedKeys = Array.from({ length: 64 }, (_, index) =>
      mixedSet(Uint8Array.of(index), torsion[4]!, Point.ZERO),
    ).filter((set) => verifySet(set));
    expect(mixedKeys.length).toBeGreaterThan(0);
    for (const set of mixedKeys) expect(verifySet({ ...set, newKey: true })).toBe(false);
  });
});
