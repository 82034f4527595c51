import { describe, expect, it } from "vitest";
import { keyPairFromSeed, verifySignatures } from "../../../src/crypto/ed25519.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

/** RFC 8032, section 7.1. */
const vectors = [
  {
    name: "TEST 1",
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    name: "TEST 2",
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    name: "TEST 3",
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    name: "TEST SHA(abc)",
    seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message:
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    signature:
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  },
];

describe("RFC 8032", () => {
  it.each(vectors)("signs and accepts $name", async ({ seed, publicKey, message, signature }) => {
    const pair = keyPairFromSeed(bytes(seed));
    expect(pair.publicKey).toEqual(bytes(publicKey));
    expect(pair.sign(bytes(message))).toEqual(bytes(signature));
    const set = { publicKey: bytes(publicKey), message: bytes(message), signature: bytes(signature) };
    expect(await verifySignatures([set])).toEqual([true]);
  });

  it("refuses every flipped bit of signature, key and message", async () => {
    const { publicKey, message, signature } = vectors[1]!;
    const sets = (["publicKey", "message", "signature"] as const).flatMap((field) => {
      const set = { publicKey: bytes(publicKey), message: bytes(message), signature: bytes(signature) };
      return Array.from({ length: set[field].length }, (_, at) => {
        const changed = Uint8Array.from(set[field]);
        changed[at]! ^= 1 << (at % 8);
        return { ...set, [field]: changed };
      });
    });
    const verdicts = await verifySignatures(sets);
    expect(verdicts).toHaveLength(32 + 1 + 64);
    expect(verdicts).not.toContain(true);
  });
});

describe("verifySignatures", () => {
  const pair = keyPairFromSeed(new Uint8Array(32).fill(1));
  const message = new Uint8Array(32).fill(2);
  const good = { publicKey: pair.publicKey, message, signature: pair.sign(message) };

  it("gives one verdict a set, in order", async () => {
    const bad = { ...good, message: new Uint8Array(32) };
    expect(await verifySignatures([good, bad, bad, good])).toEqual([true, false, false, true]);
    expect(await verifySignatures([])).toEqual([]);
  });

  it.each([
    ["an empty key", { publicKey: new Uint8Array() }],
    ["a key of 31 bytes", { publicKey: new Uint8Array(31) }],
    ["a key of 33 bytes", { publicKey: new Uint8Array(33) }],
    ["an empty signature", { signature: new Uint8Array() }],
    ["a signature of 63 bytes", { signature: good.signature.subarray(1) }],
    ["a signature of 65 bytes", { signature: new Uint8Array(65) }],
  ])("refuses %s", async (_name, change) => {
    expect(await verifySignatures([{ ...good, ...change }])).toEqual([false]);
  });
});

describe("keyPairFromSeed", () => {
  it.each([0, 31, 33, 64])("refuses a seed of %i bytes", (length) => {
    expect(() => keyPairFromSeed(new Uint8Array(length))).toThrow(/32 bytes/);
  });
});
