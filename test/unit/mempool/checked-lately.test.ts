import { expect, test } from "vitest";
import { CheckedLately } from "../../../src/mempool/checked-lately.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";

const record = (id: number) => ({ idHex: `0x${id}` }) as TransactionRecord;

test("remembers at least the newest 16,384 transactions, and at most twice as many", () => {
  const lately = new CheckedLately();
  for (let id = 0; id < 3 * 16_384; id++) lately.add(record(id));
  const known = (id: number) => lately.has(record(id));
  expect([0, 16_383].some(known)).toBe(false);
  expect([2 * 16_384, 3 * 16_384 - 1].every(known)).toBe(true);
  lately.add(record(-1));
  expect([2 * 16_384 - 1, -2].some(known)).toBe(false);
  expect([-1, 2 * 16_384].every(known)).toBe(true);
});
