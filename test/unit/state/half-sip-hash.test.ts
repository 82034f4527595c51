import { expect, test } from "vitest";
import { halfSipHash, readWord } from "../../../src/state/half-sip-hash.ts";

test("computes HalfSipHash-1-3: the vector of Linux (lib/tests/siphash_kunit.c, 32-bit words) for a message of 32 bytes", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, at) => at);
  const key = [readWord(bytes, 0), readWord(bytes, 4)] as const;
  expect(key).toEqual([0x03020100, 0x07060504]);
  expect(halfSipHash(bytes, ...key) >>> 0).toBe(0xbc6dda8d);
});
