import { bech32, bech32m } from "@scure/base";
import { describe, expect, it } from "vitest";
import { decodeAddress, encodeAddress } from "../../../src/crypto/address.ts";
import { testAddresses } from "../support/addresses.ts";

const key = testAddresses(1)[0]!;
const address = encodeAddress(key);

const words = bech32m.toWords(key);

describe("addresses", () => {
  it("are 61 characters of bech32m with the prefix cc", () => {
    // The bytes 0 to 31, encoded by an independent program after BIP-350.
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(encodeAddress(bytes)).toBe("cc1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sqxmdxr");
    expect(address).toMatch(/^cc1[02-9ac-hj-np-z]{58}$/);
    expect(decodeAddress(address)).toEqual(key);
  });

  it("may be written in capitals, not in both", () => {
    expect(decodeAddress(address.toUpperCase())).toEqual(key);
    expect(() => decodeAddress(`C${address.slice(1)}`)).toThrow(/not an address/);
  });

  it("hold every key", () => {
    for (const each of testAddresses(32)) expect(decodeAddress(encodeAddress(each))).toEqual(each);
  });

  it("hold nothing else", () => {
    for (const fill of [0, 1, 255]) {
      const text = encodeAddress(new Uint8Array(32).fill(fill));
      expect(() => decodeAddress(text)).toThrow(/no key belongs to/);
      expect(() => decodeAddress(text)).toThrow(expect.objectContaining({ code: "BAD_ADDRESS" }));
    }
  });

  it("find every single mistyped character", () => {
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
    ["another prefix", bech32m.encode("bc", words), /starts with "cc1"/],
    ["the older checksum (BIP-173)", bech32.encode("cc", words), /not an address/],
    ["31 bytes", bech32m.encode("cc", bech32m.toWords(key.subarray(1))), /holds 32 bytes/],
    ["33 bytes", bech32m.encode("cc", bech32m.toWords(Uint8Array.of(...key, 0))), /holds 32 bytes/],
    [
      "padding bits that are set",
      bech32m.encode("cc", [...words.slice(0, -1), words.at(-1)! | 1]),
      /holds 32/,
    ],
    ["a long text", "cc1".padEnd(10_000, "q"), /not an address/],
  ])("refuse %s", (_name, text, message) => {
    expect(() => decodeAddress(text)).toThrow(message);
    expect(() => decodeAddress(text)).toThrow(expect.objectContaining({ code: "BAD_ADDRESS" }));
  });
});
