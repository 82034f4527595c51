import { expect, test } from "vitest";
import { BodyStore, transactionsPerPart } from "../../../src/storage/bodies.ts";
import { joinTransactions } from "../../../src/types/index.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { codeOf } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";

const id = (number: number) => new Uint8Array(32).fill(number);
/** Stands for an encoded transaction; the store does not look into it. */
const transaction = (number: number) =>
  new Uint8Array([...uint32Bytes(number), ...new Uint8Array(number % 7)]);
const listOf = (count: number) => joinTransactions(Array.from({ length: count }, (_, at) => transaction(at)));

async function stored(count: number) {
  const database = new MemoryDatabase();
  const bodies = new BodyStore(database);
  await database.commit(bodies.put(id(1), listOf(count)));
  return { database, bodies };
}

const part = transactionsPerPart;

test.each([0, 1, part - 1, part, part + 1, 3 * part, 200])(
  "a body of %i transactions is read whole, and one by one",
  async (count) => {
    const { database, bodies } = await stored(count);
    expect(database.entries.size).toBe(Math.max(1, Math.ceil(count / part)));
    expect(await bodies.get(id(1))).toEqual(listOf(count));
    expect(await bodies.get(id(2))).toBeUndefined();
    const places = Array.from({ length: count + 1 }, (_, at) => ({ id: id(1), index: count - at }));
    expect(await bodies.transactions(places)).toEqual(
      places.map(({ index }) => (index < count ? transaction(index) : undefined)),
    );
  },
);

test("transactions of many blocks are read at once, each part once", async () => {
  const { database, bodies } = await stored(100);
  await database.commit(bodies.put(id(2), listOf(2)));
  const asked: number[] = [];
  const { getMany } = database;
  database.getMany = (keys) => {
    asked.push(keys.length);
    return getMany.call(database, keys);
  };
  const places = [
    { id: id(2), index: 1 },
    { id: id(2), index: 2 },
    { id: id(1), index: 40 },
    { id: id(1), index: 41 },
    { id: id(3), index: 0 },
  ];
  expect(await bodies.transactions(places)).toEqual([
    transaction(1),
    undefined,
    transaction(40),
    transaction(41),
    undefined,
  ]);
  expect(asked).toEqual([3]);
});

test("nothing is left of a deleted body, and a missing part is damage", async () => {
  const { database, bodies } = await stored(100);
  const [, second] = [...database.entries.keys()].sort();
  const value = database.entries.get(second!)!;
  database.entries.delete(second!);
  expect(await codeOf(bodies.get(id(1)))).toBe("DAMAGED");
  database.entries.set(second!, value);
  await database.commit(await bodies.delete(id(1)));
  expect(database.entries.size).toBe(0);
});
