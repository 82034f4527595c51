import { describe, expect, it } from "vitest";
import { type AnySet, isPackable, pack, packedBytes, unpack } from "../../../src/crypto/verify-messages.ts";

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const signed = { publicKey: filled(32, 1), message: filled(32, 2), signature: filled(64, 3) };
const address = filled(32, 4);

describe("a set for a thread", () => {
  it("arrives as it was sent, beside others in the same message", () => {
    const sets: AnySet[] = [
      signed,
      { ...signed, newKey: true },
      { address },
      { ...signed, address },
      { ...signed, newKey: true, address: filled(32, 5) },
    ];
    const packed = new Uint8Array(sets.length * packedBytes);
    for (const [index, set] of sets.entries()) pack(packed, index, set);
    expect(sets.map((_, index) => unpack(packed, index))).toEqual(
      sets.map((set) => ("message" in set ? { newKey: false, address: undefined, ...set } : set)),
    );
  });

  it.each<[string, AnySet]>([
    ["a key of 31 bytes", { ...signed, publicKey: filled(31, 1) }],
    ["a message of 33 bytes", { ...signed, message: filled(33, 1) }],
    ["a signature of 63 bytes", { ...signed, signature: filled(63, 1) }],
    ["an address of 31 bytes", { address: filled(31, 1) }],
    ["a signature beside an address of 33 bytes", { ...signed, address: filled(33, 1) }],
  ])("a set for a thread does not fit with %s", (_, set) => {
    expect(isPackable(set)).toBe(false);
  });

  it("fits with a signing root as its message, with and without an address, and as an address alone", () => {
    for (const set of [signed, { ...signed, address }, { address }]) expect(isPackable(set)).toBe(true);
  });
});
