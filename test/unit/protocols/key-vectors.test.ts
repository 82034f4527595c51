import { expect, test } from "vitest";
import { bytesOfAddress } from "../../second/bech32m.ts";
import { isAddress, isSigned } from "../../second/signing.ts";
import { nameOf, type Vector, vectors } from "./read-vectors.ts";

const { addresses, texts, signatures } = vectors.keys;

// Only the second implementation checks the vectors.

test.each(addresses.map(nameOf) as [string, Vector][])("32 bytes: %s", (_, { bytes, text, valid }) => {
  expect(isAddress(bytes)).toBe(valid);
  expect(bytesOfAddress(text)).toBe(bytes);
});

test.each(texts.map(nameOf) as [string, Vector][])("text of an address: %s", (_, { text, bytes }) => {
  expect(bytesOfAddress(text) ?? null).toBe(bytes);
});

test.each(signatures.map(nameOf) as [string, Vector][])(
  "signature: %s",
  (_, { message, publicKey, signature, valid }) => {
    expect(isSigned(message, publicKey, signature)).toBe(valid);
  },
);

test("few are valid", () => {
  const valid = (of: Vector[]) => of.filter((vector) => vector.valid).map(({ about }) => about);
  expect(valid(addresses)).toEqual(["the public key of the seed 32 × 03", "the base point"]);
  expect(valid(signatures)).toEqual(["by the rule"]);
  expect(texts.filter(({ bytes }: Vector) => bytes).map(({ about }: Vector) => about)).toEqual([
    "an address",
    "in capitals",
  ]);
});
