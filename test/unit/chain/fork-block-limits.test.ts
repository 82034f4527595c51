import { describe, expect, test } from "vitest";
import { ForkBlocks, sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { BlockStore } from "../../../src/storage/blocks.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { codeOf } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";

const numbered = (number: number) => {
  const id = new Uint8Array(32);
  id.set(uint32Bytes(number + 1));
  return id;
};

/** A block of a proposer, with as many bytes of transactions. */
function block(
  number: number,
  { height = 1, parent = 0, proposer = number, bytes = 0 } = {},
): CanonicalBlock {
  const message = { parent: numbered(parent), proposer: numbered(proposer) };
  const records = [{ bytes }];
  return {
    height,
    id: numbered(number),
    idHex: toHex(numbered(number)),
    header: { message },
    records,
  } as never;
}

async function empty() {
  const database = new MemoryDatabase();
  const stores = { blocks: new BlockStore(database), database };
  const forks = await ForkBlocks.load(stores);
  const code = (one: CanonicalBlock, needed = false) =>
    codeOf((async () => forks.requireRoom(one, needed))());
  return { database, stores, forks, code };
}

const full = "TOO_MANY_SIDE_BLOCKS";
const { perProposer, inAll, neededFactor } = sideBlockLimits;

describe("the room for side blocks", () => {
  test("has the room for side blocks that docs/consensus.md names", () => {
    const mib = 1_048_576;
    expect(perProposer).toEqual({ blocks: 64, bytes: 64 * mib });
    expect(inAll).toEqual({ blocks: 4_096, bytes: 512 * mib });
    expect(neededFactor).toBe(4);
  });

  test("ends with a number of blocks of all proposers, but not for needed ones", async () => {
    const { forks, code } = await empty();
    for (let number = 0; number < inAll.blocks - 1; number++) forks.add(block(number));
    expect(await code(block(9_000))).toBe("no error");
    forks.add(block(inAll.blocks));
    expect(await code(block(9_000))).toBe(full);
    expect(await code(block(9_000), true)).toBe("no error");
    forks.remove(block(7).idHex);
    expect(await code(block(9_000))).toBe("no error");
    expect([...forks.refs()]).toHaveLength(inAll.blocks - 1);
  });

  test("ends with a number of bytes of all proposers", async () => {
    const { forks, code } = await empty();
    for (let number = 0; number < 8; number++) forks.add(block(number, { bytes: inAll.bytes / 8 - 1 }));
    expect(await code(block(9, { bytes: 8 }))).toBe("no error");
    expect(await code(block(9, { bytes: 9 }))).toBe(full);
    forks.remove(block(0).idHex);
    expect(await code(block(9, { bytes: 9 }))).toBe("no error");
  });

  test("counts each block once, and the blocks of each proposer apart", async () => {
    const { forks, code } = await empty();
    for (let number = 0; number < perProposer.blocks - 1; number++)
      for (let time = 0; time < 2; time++) forks.add(block(number, { proposer: 1 }));
    expect(await code(block(900, { proposer: 1 }))).toBe("no error");
    forks.add(block(900, { proposer: 1 }));
    expect(await code(block(901, { proposer: 1 }))).toBe(full);
    expect(await code(block(901, { proposer: 2 }))).toBe("no error");
    forks.remove(block(901).idHex);
    forks.remove(block(900).idHex);
    expect(await code(block(901, { proposer: 1 }))).toBe("no error");
  });
});

describe("blocks that finality has passed", () => {
  const idsOf = (blocks: readonly { id: Uint8Array }[]) => blocks.map(({ id }) => toHex(id));

  test("deletes blocks that finality has passed with all that descend from them, in whatever order they came", async () => {
    const { forks } = await empty();
    const final = { height: 5, id: numbered(100) };
    const lost = [
      block(1, { height: 5 }),
      block(2, { height: 6, parent: 1 }),
      block(3, { height: 7, parent: 2 }),
      block(4, { height: 6, parent: 50 }),
    ];
    const kept = [
      block(5, { height: 6, parent: 100 }),
      block(6, { height: 7, parent: 5 }),
      block(7, { height: 7 }),
    ];
    for (const one of [...lost, ...kept].reverse()) forks.add(one);
    expect(idsOf(await forks.sweep(final)).sort()).toEqual(idsOf(lost).sort());
    expect(idsOf(await forks.sweep(final))).toEqual([]);
    expect(idsOf([...forks.refs()]).sort()).toEqual(idsOf(kept).sort());
  });

  test("deletes passed blocks 256 at a time, the lowest first, or all above a height", async () => {
    const { forks, database } = await empty();
    for (let number = 0; number < 300; number++) forks.add(block(number, { height: 300 - number }));
    const final = { height: 1_000, id: numbered(999) };
    const { commits } = database;
    const first = await forks.sweep(final);
    expect(first.map(({ height }) => height)).toEqual(Array.from({ length: 256 }, (_, at) => at + 1));
    expect(database.commits).toBe(commits + 1);
    expect((await forks.sweepAbove(290)).map(({ height }) => height).sort()).toEqual(
      Array.from({ length: 10 }, (_, at) => at + 291),
    );
    expect(await forks.sweep(final)).toHaveLength(34);
    expect([await forks.sweep(final), ...forks.refs()]).toEqual([[]]);
  });
});

test("the index follows the head: retracted blocks come in, and those that join the chain go", async () => {
  const { forks, stores } = await empty();
  const [side, stranger, retracted] = [block(1), block(2), block(3)];
  forks.add(side);
  const change = { head: side, retracted: [retracted], applied: [side, stranger] };
  const { writes, applied } = (await forks.prepare(change, {} as never, async () => undefined))();
  expect(writes).toEqual([forks.writeFor(retracted), stores.blocks.clearSide(side)]);
  expect([...forks.refs()]).toMatchObject([{ id: side.id }]);
  applied();
  expect([...forks.refs()]).toMatchObject([{ id: retracted.id }]);
});

test("reads the side blocks on disk at the start", async () => {
  const { stores, database, forks } = await empty();
  const written = [block(1, { proposer: 8, bytes: 5 }), block(2, { proposer: 8 })];
  await database.commit(written.map((one) => forks.writeFor(one)));
  const again = await ForkBlocks.load(stores);
  expect([...again.refs()]).toMatchObject([
    { height: 1, id: numbered(1), parent: toHex(numbered(0)), proposer: toHex(numbered(8)), bytes: 5 },
    { height: 1, id: numbered(2), bytes: 0 },
  ]);
});
