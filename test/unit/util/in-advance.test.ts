import { expect, test } from "vitest";
import { inAdvance } from "../../../src/util/in-advance.ts";

/** Makes a source of numbers from 1 on that records how far it was read and whether it was ended. */
function source(end: number, error?: Error) {
  const seen = { read: 0, closed: false };
  async function* numbers() {
    try {
      for (let number = 1; number <= end; number++) {
        seen.read = number;
        yield number;
      }
      if (error) throw error;
    } finally {
      seen.closed = true;
    }
  }
  return { seen, numbers: numbers() };
}

const byOne = (maxWeight: number) => ({ weigh: () => 1, maxWeight });

async function collect<T>(items: AsyncIterable<T>, into: T[]): Promise<T[]> {
  for await (const item of items) into.push(item);
  return into;
}

test("results come in order, however long each takes, and no further ahead than allowed", async () => {
  const { seen, numbers } = source(9);
  const made: number[] = [];
  const make = async (number: number) => {
    await new Promise((resolve) => setTimeout(resolve, number % 2 === 0 ? 0 : 5));
    made.push(number);
    return -number;
  };
  const results: number[] = [];
  for await (const result of inAdvance(numbers, make, byOne(3))) {
    results.push(result);
    expect(seen.read).toBe(Math.min(9, results.length + 2));
  }
  expect(results).toEqual([-1, -2, -3, -4, -5, -6, -7, -8, -9]);
  expect(made.indexOf(2)).toBeLessThan(made.indexOf(1));
});

test("an item above the limit is made alone", async () => {
  const { seen, numbers } = source(3);
  const results: number[] = [];
  for await (const result of inAdvance(numbers, async (number) => number, {
    weigh: () => 100,
    maxWeight: 10,
  })) {
    results.push(result);
    expect(seen.read).toBe(results.length);
  }
  expect(results).toEqual([1, 2, 3]);
});

test("an error comes after the results before it, the first error first, and ends the source", async () => {
  const bad = source(5, new Error("the source"));
  const failing = async (number: number) => {
    if (number >= 4) throw new Error(`item ${number}`);
    return number;
  };
  const before: number[] = [];
  await expect(collect(inAdvance(bad.numbers, failing, byOne(10)), before)).rejects.toThrow("item 4");
  expect(before).toEqual([1, 2, 3]);
  expect(bad.seen.closed).toBe(true);

  const all: number[] = [];
  const { numbers } = source(5, new Error("the source"));
  await expect(
    collect(
      inAdvance(numbers, async (number) => number, byOne(2)),
      all,
    ),
  ).rejects.toThrow("the source");
  expect(all).toEqual([1, 2, 3, 4, 5]);
});

test("a reader that stops early ends the source", async () => {
  const { seen, numbers } = source(9);
  for await (const _ of inAdvance(numbers, async (number) => number, byOne(2))) break;
  expect(seen.closed).toBe(true);
});
