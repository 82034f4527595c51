import { expect, test } from "vitest";
import { IncludedTransactions } from "../../../src/mempool/included.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";

/** Makes blocks of `count` transactions, of which only the ids matter. */
function blocks(count: number, heights: number) {
  return Array.from({ length: heights }, (_, index) => ({
    height: index + 1,
    records: Array.from({ length: count }, (_, place) => {
      const idHex = `0x${(index * count + place).toString(16).padStart(16, "0")}`;
      return { idHex, shortKey: idHex.slice(2) } as TransactionRecord;
    }),
  }));
}

const chain = blocks(3, 4);
const kept = (included: IncludedTransactions, all = chain) =>
  all.filter(({ records }) => records.every((record) => included.has(record))).map(({ height }) => height);

test("remembers transactions of blocks until these are final or retracted", () => {
  const included = new IncludedTransactions();
  included.update({ applied: chain, retracted: [] });
  expect(kept(included)).toEqual([1, 2, 3, 4]);
  // The replacing block holds one of the transactions.
  const rival = { height: 4, records: chain[3]!.records.slice(0, 1) };
  included.update({ applied: [rival], retracted: [chain[3]!] });
  expect(kept(included)).toEqual([1, 2, 3]);
  expect(included.has(rival.records[0]!)).toBe(true);
  included.finalize(2);
  expect(kept(included)).toEqual([3]);
  included.finalize(4);
  expect(kept(included)).toEqual([]);
  expect(included.has(rival.records[0]!)).toBe(false);
});

test("no more than two full blocks are kept while finality waits", () => {
  const long = blocks(10_000, 4);
  const included = new IncludedTransactions();
  for (const block of long) included.update({ applied: [block], retracted: [] });
  expect(kept(included, long)).toEqual([3, 4]);
});

test("keeps a block that is larger than these", () => {
  const long = blocks(20_001, 2);
  const included = new IncludedTransactions();
  included.update({ applied: long, retracted: [] });
  expect(kept(included, long)).toEqual([2]);
});

test("finds the newer of two transactions with the same short id, also when the older one is final", () => {
  const [older, newer] = ["0x1", "0x2"].map((idHex) => ({ idHex, shortKey: "\0".repeat(8) })) as [
    TransactionRecord,
    TransactionRecord,
  ];
  const included = new IncludedTransactions();
  included.update({ applied: [{ height: 1, records: [older] }], retracted: [] });
  expect(included.byShortId(new Uint8Array(8))).toBe(older);
  included.update({ applied: [{ height: 2, records: [newer] }], retracted: [] });
  included.finalize(1);
  expect(included.byShortId(new Uint8Array(8))).toBe(newer);
  included.finalize(2);
  expect(included.byShortId(new Uint8Array(8))).toBeUndefined();
});

test("looks at no blocks that it would forget at once when many come together", () => {
  const included = new IncludedTransactions();
  included.update({ applied: blocks(3, 1), retracted: [] });
  const long = blocks(10_000, 4);
  let seen = 0;
  const watched = long.map(({ height, records }) => ({
    height,
    get records() {
      seen++;
      return records;
    },
  }));
  included.update({ applied: watched.slice(1), retracted: [] });
  expect(kept(included, long)).toEqual([3, 4]);
  included.finalize(4);
  expect(kept(included, long)).toEqual([]);
  const before = seen;
  included.update({ applied: [...Array(50).fill(watched[0]), ...watched.slice(2)], retracted: [] });
  // Two blocks are counted and kept; the one before them is only counted.
  expect(seen - before).toBe(5);
});
