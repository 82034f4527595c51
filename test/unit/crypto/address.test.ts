import { bech32, bech32m } from "@scure/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeAddress,
  decodeAddressInto,
  decodeAddressText,
  encodeAddress,
} from "../../../src/crypto/address.ts";
import { testAddresses } from "../support/addresses.ts";

const key = testAddresses(1)[0]!;
const address = encodeAddress(key);

const keyWords = bech32m.toWords(key);

describe("addresses", () => {
  it("encodes an address as 61 characters of bech32m with the prefix cc", () => {
    // The bytes 0 to 31, encoded by an independent program after BIP-350.
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(encodeAddress(bytes)).toBe("cc1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sqxmdxr");
    expect(address).toMatch(/^cc1[02-9ac-hj-np-z]{58}$/);
    expect(decodeAddress(address)).toEqual(key);
  });

  it("encodes addresses as a general encoder of bech32m does", () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const isSame = fc.property(
      bytes,
      (each) => encodeAddress(each) === bech32m.encode("cc", bech32m.toWords(each)),
    );
    fc.assert(isSame, { numRuns: 1000, seed: 1 });
  });

  it("decodes an address in capitals, but not in mixed case", () => {
    expect(decodeAddress(address.toUpperCase())).toEqual(key);
    expect(() => decodeAddress(`C${address.slice(1)}`)).toThrow(/not an address/);
  });

  it("decodes the address of every key", () => {
    for (const each of testAddresses(32)) expect(decodeAddress(encodeAddress(each))).toEqual(each);
  });

  it("refuses an address to which no key belongs", () => {
    for (const fill of [0, 1, 255]) {
      const text = encodeAddress(new Uint8Array(32).fill(fill));
      expect(() => decodeAddress(text)).toThrow(/no key belongs to/);
      expect(() => decodeAddress(text)).toThrow(expect.objectContaining({ code: "BAD_ADDRESS" }));
    }
  });

  it("finds every single mistyped character", () => {
    for (let at = 3; at < address.length; at++) {
      const other = address[at] === "q" ? "p" : "q";
      expect(() => decodeAddress(address.slice(0, at) + other + address.slice(at + 1))).toThrow(
        /typing error/,
      );
    }
  });

  it.each([
    ["nothing", "", /not an address/],
    ["another text", "hello", /not an address/],
    ["one character too few", address.slice(0, -1), /not an address/],
    ["one character too many", `${address}q`, /not an address/],
    ["a space", `${address} `, /not an address/],
    ["another prefix", bech32m.encode("bc", keyWords), /starts with "cc1"/],
    ["the older checksum (BIP-173)", bech32.encode("cc", keyWords), /not an address/],
    ["31 bytes", bech32m.encode("cc", bech32m.toWords(key.subarray(1))), /holds 32 bytes/],
    ["33 bytes", bech32m.encode("cc", bech32m.toWords(Uint8Array.of(...key, 0))), /holds 32 bytes/],
    [
      "padding bits that are set",
      bech32m.encode("cc", [...keyWords.slice(0, -1), keyWords.at(-1)! | 1]),
      /holds 32/,
    ],
    ["a long text", "cc1".padEnd(10_000, "q"), /not an address/],
  ])("refuses %s", (_name, text, message) => {
    expect(() => decodeAddress(text)).toThrow(message);
    expect(() => decodeAddress(text)).toThrow(expect.objectContaining({ code: "BAD_ADDRESS" }));
  });
});

describe("decodeAddressInto", () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const texts = bytes.map(encodeAddress);
  const words = fc.array(fc.nat(31), { minLength: 50, maxLength: 54 });
  const scure = (text: string) => {
    const decoded = bech32m.decodeUnsafe(text);
    const key = decoded?.prefix === "cc" ? bech32m.fromWordsUnsafe(decoded.words) : undefined;
    return key?.length === 32 ? key : undefined;
  };

  it("agrees with @scure/base on valid, damaged and invented addresses", () => {
    const damaged = (letter: fc.Arbitrary<string>) =>
      fc
        .tuple(texts, fc.nat(60), letter)
        .map(([each, at, other]) => each.slice(0, at) + other + each.slice(at + 1));
    const text = fc.oneof(
      texts,
      damaged(fc.string({ minLength: 1, maxLength: 1, unit: "binary" })),
      damaged(fc.constantFrom(..."qpzry9x8gf2tvdw0s3jn54khce6mua7l")),
      // Correct checksums after set padding bits and other lengths.
      words.map((each) => bech32m.encode("cc", each)),
      words.map((each) => bech32m.encode("cd", each)),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (each) => {
        const out = new Uint8Array(40).fill(9);
        const taken = decodeAddressInto(each, out, 4);
        const expected = scure(each);
        // @scure/base reads capitals too, as `decodeAddressText` does.
        if (each === each.toLowerCase()) expect(taken).toBe(expected !== undefined);
        if (taken) expect(out).toEqual(Uint8Array.of(9, 9, 9, 9, ...expected!, 9, 9, 9, 9));
        if (expected) expect(decodeAddressText(each)).toEqual(new Uint8Array(expected));
        else expect(() => decodeAddressText(each)).toThrow();
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it("refuses every set padding bit with a correct checksum, and every character that is no letter of bech32", () => {
    const out = new Uint8Array(32);
    expect(decodeAddressInto(address, out, 0)).toBe(true);
    for (let padding = 1; padding < 16; padding++)
      expect(
        decodeAddressInto(
          bech32m.encode("cc", [...keyWords.slice(0, -1), keyWords.at(-1)! | padding]),
          out,
          0,
        ),
      ).toBe(false);
    for (let code = 0; code < 256; code++) {
      const letter = String.fromCharCode(code);
      const taken = decodeAddressInto(address.slice(0, -1) + letter, out, 0);
      expect([letter, taken]).toEqual([letter, letter === address.at(-1)]);
    }
  });

  it("refuses another character even where the checksum would take it for some letters before it", () => {
    // To the checksum, the value -1 is 31 at its place and at the five places before it, as it has 30 bits.
    const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const texts = testAddresses(32).map(encodeAddress);
    const text = texts.find((each) => each.slice(8, 50).includes(letters[31]!))!;
    const at = text.indexOf(letters[31]!, 8);
    const before = [...text.slice(at - 5, at)].map((letter) => letters[31 - letters.indexOf(letter)]);
    for (const other of ["b", "\u00e9"]) {
      const made = `${text.slice(0, at - 5)}${before.join("")}${other}${text.slice(at + 1)}`;
      expect(decodeAddressInto(made, new Uint8Array(32), 0)).toBe(false);
      expect(() => decodeAddress(made)).toThrow(/not an address/);
    }
  });

  it.each([undefined, null, 61, [...address], { length: 61, startsWith: () => true }])(
    "refuses what is no text: %s",
    (value) => {
      expect(decodeAddressInto(value, new Uint8Array(32), 0)).toBe(false);
    },
  );
});
