import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../../src/crypto/hash.ts";
import { BlockStore } from "../../../src/storage/blocks.ts";
import { keyOf, keyRange, keySpaces } from "../../../src/storage/key-spaces.ts";
import { MetaStore } from "../../../src/storage/meta.ts";
import { PlaceStore, placeEntries } from "../../../src/storage/places.ts";
import { compareBytes, uint64Bytes } from "../../../src/util/bytes.ts";
import { codeOf } from "../support/chain.ts";
import { MemoryDatabase, temporaryDatabase } from "../support/database.ts";

const id = (height: number) => new Uint8Array(32).fill(height);

describe("key ranges", () => {
  const part = fc
    .uint8Array({ maxLength: 6 })
    .map((bytes) => bytes.map((byte) => (byte > 200 ? 0xff : byte)));
  const space = fc.constantFrom(...(Object.keys(keySpaces) as (keyof typeof keySpaces)[]));

  test("a key range holds exactly the keys of its space that begin with the prefix, 0xff included", () => {
    fc.assert(
      fc.property(space, part, space, part, (ofRange, prefix, ofKey, rest) => {
        const { gte, lt } = keyRange(ofRange, prefix);
        const key = keyOf(ofKey, rest);
        const inside = compareBytes(gte, key) <= 0 && compareBytes(key, lt) < 0;
        const begins = ofKey === ofRange && compareBytes(rest.slice(0, prefix.length), prefix) === 0;
        expect(inside).toBe(begins);
      }),
      {
        numRuns: 2000,
        seed: 1,
        examples: [["body", Uint8Array.of(0xff, 0xff), "body", Uint8Array.of(0xff, 0xff, 0xff)]],
      },
    );
  });

  test("every space has its own number", () => {
    expect(new Set(Object.values(keySpaces)).size).toBe(Object.keys(keySpaces).length);
  });
});

describe("the canonical index", () => {
  async function indexOf(heights: number[]) {
    const database = new MemoryDatabase();
    const blocks = new BlockStore(database);
    await database.commit(
      heights.map((height) => blocks.setCanonical({ height, id: id(height), timestamp: 0 })),
    );
    return blocks;
  }
  const heightsOf = (refs: { height: number }[]) => refs.map(({ height }) => height);

  test("reads the canonical index downwards and upwards, to the ends and to the count", async () => {
    const blocks = await indexOf([0, 1, 2, 3, 4, 5]);
    expect(heightsOf(await blocks.canonicalDown(4, 3))).toEqual([4, 3, 2]);
    expect(heightsOf(await blocks.canonicalDown(2, 100))).toEqual([2, 1, 0]);
    expect(heightsOf(await blocks.canonicalDown(99, 2))).toEqual([5, 4]);
    expect(heightsOf(await blocks.canonicalDown(Number.MAX_SAFE_INTEGER, 1))).toEqual([5]);
    expect(heightsOf(await blocks.canonicalUp(3, 2))).toEqual([3, 4]);
    expect(heightsOf(await blocks.canonicalUp(3, 100))).toEqual([3, 4, 5]);
    expect(heightsOf(await blocks.canonicalUp(6, 100))).toEqual([]);
    for (const count of [0, -1]) {
      expect(await blocks.canonicalDown(5, count)).toEqual([]);
      expect(await blocks.canonicalUp(0, count)).toEqual([]);
    }
    expect((await blocks.canonicalDown(3, 1))[0]!.id).toEqual(id(3));
  });

  test("names a hole in both directions", async () => {
    const blocks = await indexOf([0, 1, 2, 4, 5]);
    await expect(blocks.canonicalDown(5, 10)).rejects.toThrow("block 3 is missing");
    await expect(blocks.canonicalUp(1, 10)).rejects.toThrow("block 3 is missing");
    await expect(blocks.canonicalUp(3, 1)).rejects.toThrow("block 3 is missing");
    const beheaded = await indexOf([3, 4, 5]);
    await expect(beheaded.canonicalDown(5, 10)).rejects.toThrow("block 2 is missing");
    expect(heightsOf(await beheaded.canonicalDown(5, 3))).toEqual([5, 4, 3]);
  });

  test("heights above 2^32 keep their order", async () => {
    const database = new MemoryDatabase();
    const blocks = new BlockStore(database);
    const heights = [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1];
    await database.commit(
      heights.map((height, at) => blocks.setCanonical({ height, id: id(at), timestamp: 0 })),
    );
    expect(heightsOf(await blocks.canonicalUp(2 ** 32 - 1, 9))).toEqual(heights);
  });
});

describe("the index of transactions", () => {
  const heights = [1, 2, 255, 256, 2 ** 32 + 5];
  const blockAt = (height: number) => ({
    height,
    records: Array.from({ length: 300 }, (_, index) => ({ id: sha256(uint64Bytes(height * 1000 + index)) })),
  });
  async function indexed() {
    const { database } = await temporaryDatabase();
    const places = new PlaceStore(database);
    for (const height of heights) await database.commit(placeEntries(blockAt(height)));
    return { database, places };
  }

  test("finds a transaction only by its id", async () => {
    const { database, places } = await indexed();
    for (const height of heights) {
      const { records } = blockAt(height);
      for (const index of [0, 1, 255, 256, 299])
        expect(await places.find(records[index]!.id)).toEqual([{ height, index }]);
    }
    expect(await places.find(id(1))).toEqual([]);
    const twin = blockAt(1).records[5]!.id.slice();
    twin[31]! ^= 1;
    await database.commit(placeEntries({ height: 3, records: [{ id: twin }] }));
    expect(await places.find(twin)).toEqual([
      { height: 1, index: 5 },
      { height: 3, index: 0 },
    ]);
  });
});

describe("the format version", () => {
  test("writes the format version once, and refuses another one", async () => {
    const database = new MemoryDatabase();
    const meta = new MetaStore(database);
    await meta.checkVersion();
    await meta.checkVersion();
    const [key] = [...database.entries.keys()];
    expect(database.entries.size).toBe(1);
    database.entries.set(key!, Uint8Array.of(9));
    expect(await codeOf(meta.checkVersion())).toBe("OPEN_FAILED");
    await expect(meta.checkVersion()).rejects.toThrow(/format 9, this ccoin reads 8: use the ccoin/);
  });

  test("refuses a database that has a chain but no version", async () => {
    const database = new MemoryDatabase();
    await database.commit([{ key: keyOf("canonical", uint64Bytes(0)), value: id(0) }]);
    expect(await codeOf(new MetaStore(database).checkVersion())).toBe("DAMAGED");
  });
});
