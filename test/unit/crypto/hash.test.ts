import { expect, it } from "vitest";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex } from "../../../src/util/bytes.ts";

const text = (value: string) => new TextEncoder().encode(value);

it("hashes its parts as one message with SHA-256", () => {
  // The examples of FIPS 180-4 for no and for 24 bits.
  expect(toHex(sha256())).toBe("0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const abc = "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  for (const parts of [["abc"], ["a", "bc"], ["", "ab", "c"]])
    expect(toHex(sha256(...parts.map(text)))).toBe(abc);
});
