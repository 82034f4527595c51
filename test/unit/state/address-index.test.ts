import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AccountTable } from "../../../src/state/account-table.ts";
import { AddressIndex } from "../../../src/state/address-index.ts";
import { address, seed } from "./accounts.ts";

const addresses = Array.from({ length: 500 }, (_, number) => address(number));

describe("AccountTable", () => {
  test("finds what was appended, and nothing else, as it grows", () => {
    const table = new AccountTable(seed);
    for (let index = 0; index < 300; index++) table.append(address(index), BigInt(index), index * 2);
    expect(table.count).toBe(300);
    const numbers = Array.from({ length: 400 }, (_, number) => number);
    const indexes = numbers.slice(0, 300);
    expect(numbers.map((number) => table.indexOf(address(number)))).toEqual([
      ...indexes,
      ...Array(100).fill(-1),
    ]);
    expect(indexes.map((index) => table.address(index))).toEqual(indexes.map(address));
    expect(indexes.map((index) => table.get(index))).toEqual(
      indexes.map((index) => ({ balance: BigInt(index), nonce: index * 2 })),
    );
  });

  test("tells addresses apart by every byte", () => {
    const table = new AccountTable(seed);
    table.append(new Uint8Array(32), 1n, 0);
    for (let byte = 0; byte < 32; byte++) {
      const other = new Uint8Array(32);
      other[byte] = 1;
      expect(table.indexOf(other)).toBe(-1);
    }
    expect(table.indexOf(new Uint8Array(32))).toBe(0);
  });

  test("holds the largest balance and nonce", () => {
    const table = new AccountTable(seed);
    table.append(address(0), 2n ** 64n - 1n, Number.MAX_SAFE_INTEGER);
    expect(table.get(0)).toEqual({ balance: 2n ** 64n - 1n, nonce: Number.MAX_SAFE_INTEGER });
  });

  test("any sequence of appends and truncations is as in a list", () => {
    const steps = fc.array(fc.record({ keep: fc.double({ min: 0, max: 1, noNaN: true }), add: fc.nat(60) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(steps, fc.uint8Array({ minLength: 8, maxLength: 8 }), (list, key) => {
        const table = new AccountTable(key);
        const model: number[] = [];
        for (const { keep, add } of list) {
          model.length = Math.floor(model.length * keep);
          table.truncate(model.length);
          for (let i = 0; i < add; i++) {
            // Some addresses are repeated, others are new.
            const number = 7 * i + model.length;
            if (table.indexOf(address(number)) >= 0) continue;
            table.append(address(number), BigInt(number), 0);
            model.push(number);
          }
          expect(table.count).toBe(model.length);
          const known = new Map(model.map((number, index) => [number, index]));
          expect(addresses.map((each) => table.indexOf(each))).toEqual(
            addresses.map((_, number) => known.get(number) ?? -1),
          );
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });
});

test("indexes with different keys answer alike", () => {
  const table = new AccountTable(seed);
  for (let index = 0; index < 100; index++) table.append(address(index), 0n, 0);
  const other = new AddressIndex(table, new Uint8Array(8).fill(255));
  for (let index = 0; index < 100; index++) other.append(address(index));
  for (let index = 0; index < 100; index++) expect(other.indexOf(address(index))).toBe(index);
});

test("a seed has eight bytes", () => {
  expect(() => new AccountTable(new Uint8Array(7))).toThrow(RangeError);
});
