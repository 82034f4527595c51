import { expect, test } from "vitest";
import { SideBlocks } from "../../../src/chain/side-blocks.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { keyRange } from "../../../src/storage/key-spaces.ts";
import { splitTransactions } from "../../../src/types/index.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { authorities, type TestChain, testChain } from "../support/chain.ts";
import { MemoryDatabase, toArray } from "../support/database.ts";
import { checkpoint } from "../support/votes.ts";

/** Opens a chain with the record of its side blocks. */
async function start() {
  let side: SideBlocks;
  const database = new MemoryDatabase();
  let seenAtMs = 0;
  const clock = { now: () => seenAtMs++ } as never;
  const node = await testChain({
    database,
    participants: async (chain) => {
      side = await SideBlocks.open(chain, { database, clock });
      return [side];
    },
  });
  const known = () =>
    side
      .list()
      .map(
        ({ height, idHex, retracted, returned }) =>
          `${height} ${idHex}${retracted ? ` retracted, ${returned} back` : ""}`,
      );
  return { node, database, known, side: () => side };
}

/** The blocks of height 1 by each authority, the best one in the middle. */
function rivals({ maker }: TestChain, transactions: Parameters<typeof maker.block>[1][] = []) {
  const first = maker.start();
  return Promise.all(
    first.snapshot.authorities.map((turn, place) =>
      maker.block(first, {
        by: authorities.find(({ publicKey }) => toHex(publicKey) === toHex(turn))!,
        ...transactions[place],
      }),
    ),
  );
}

test("lists blocks that lost or were retracted, until they are canonical again", async () => {
  const { node, known } = await start();
  const [late, inTurn, lost] = await rivals(node);
  await node.add(late!.blocks[0]!);
  expect(known()).toEqual([]);
  await node.add(inTurn!.blocks[0]!);
  expect(known()).toEqual([`1 ${late!.idHex} retracted, 0 back`]);
  await node.add(lost!.blocks[0]!);
  expect(known()).toEqual([`1 ${late!.idHex} retracted, 0 back`, `1 ${lost!.idHex}`]);

  const upon = await node.maker.block(late!);
  await node.add(upon.blocks[1]!);
  expect(node.chain.head.idHex).toBe(upon.idHex);
  expect(known()).toEqual([`1 ${lost!.idHex}`, `1 ${inTurn!.idHex} retracted, 0 back`]);
});

test("reads the transactions of a block that lost as soon as it lists the block", async () => {
  const { node, database, side } = await start();
  const transaction = await node.maker.transfer({});
  const [, inTurn, lost] = await rivals(node, [{}, {}, { transactions: [transaction] }]);
  await node.add(inTurn!.blocks[0]!);
  const commit = database.commit.bind(database);
  database.commit = async (writes) => {
    await new Promise(setImmediate);
    await commit(writes);
  };
  const listed = new Promise<void>((resolve) => node.chain.events.on("imported", () => resolve()));
  const added = node.add(lost!.blocks[0]!);
  await listed;
  expect(splitTransactions((await side().transactions(lost!.id))!)).toHaveLength(1);
  await added;
});

test("remembers them with their transactions, and how many of these went back, after a restart", async () => {
  const { node, known, side } = await start();
  const both = await node.maker.transfer({ amount: 7n });
  const alone = await node.maker.transfer({ from: 1, amount: 25n });
  const next = await node.maker.transfer({ from: 1, amount: 26n, nonce: 1 });
  const [late, inTurn, lost] = await rivals(node, [
    { transactions: [both, alone, next] },
    { transactions: [both] },
    { transactions: [alone] },
  ]);
  for (const tip of [late, inTurn, lost]) await node.add(tip!.blocks[0]!);
  const before = [`1 ${late!.idHex} retracted, 2 back`, `1 ${lost!.idHex}`];
  expect(known()).toEqual(before);

  await node.reopen();
  expect(known()).toEqual(before);
  const { id, transactionCount, totalDifficulty, header } = side().get(late!.idHex as never)!;
  expect([transactionCount, totalDifficulty, header.message]).toEqual([
    3,
    late!.totalDifficulty,
    late!.header,
  ]);
  expect(splitTransactions((await side().transactions(id))!)).toHaveLength(3);
});

test("does not list the blocks of a batch as side blocks", async () => {
  const { node, known } = await start();
  const { blocks } = await node.maker.extend(node.maker.start(), 3);
  await node.chain.importBlocks(await Promise.all(blocks.map((block) => node.check(block))));
  expect(node.chain.head.height).toBe(3);
  expect(known()).toEqual([]);
});

test("remembers them when finality has passed them", async () => {
  const { node, known } = await start();
  const [late, inTurn] = await rivals(node);
  for (const tip of [late, inTurn]) await node.add(tip!.blocks[0]!);
  let source = checkpoint(0, node.maker.start());
  for (const round of [1, 2]) {
    const target = checkpoint(round, inTurn!);
    await node.chain.justify({ link: { source, target }, voters: [], signatures: [] });
    source = target;
  }
  expect(node.chain.finalized.height).toBe(1);
  expect(await node.chain.tree.get(late!.id)).toBeUndefined();
  const after = [`1 ${late!.idHex} retracted, 0 back`];
  expect(known()).toEqual(after);
  await node.reopen();
  expect(known()).toEqual(after);
});

/** A block of this height that nobody has made. */
function invented({ genesis }: TestChain, height: number): CanonicalBlock {
  const { header } = genesis.block;
  const id = new Uint8Array(32);
  id.set(uint32Bytes(height));
  return {
    ...{ height, id, idHex: toHex(id), records: [], totalDifficulty: 1 },
    header: { ...header, message: { ...header.message, height } },
  } as CanonicalBlock;
}

test("keeps the 100 newest, in memory and on disk, and lists the highest first", async () => {
  const { node: first, database, side } = await start();
  let node = first;
  const see = (height: number) => node.chain.events.emit("aside", invented(node, height));
  const seen = [...Array(102).keys()].map((at) => (at * 37) % 102);
  const expectKept = async (...heights: number[]) => {
    expect(
      side()
        .list()
        .map(({ height }) => height),
    ).toEqual(heights.sort((a, b) => b - a));
    node = await node.reopen();
    expect(side().list()).toHaveLength(heights.length);
    expect(await toArray(database.iterate(keyRange("fork")))).toHaveLength(100);
  };
  for (const height of seen) see(height);
  await expectKept(...seen.slice(2));
  // One that is seen again becomes the newest, and pushes out no other.
  see(seen[2]!);
  expect(side().list()).toHaveLength(100);
  for (const height of [200, 201]) see(height);
  await expectKept(...seen.slice(5), seen[2]!, 200, 201);
});

test("keeps the 100 newest of more that are retracted together", async () => {
  const { node, side } = await start();
  const retracted = [...Array(101).keys()].map((at) => invented(node, 500 - at));
  const change = { retracted, applied: [], head: node.chain.head };
  let pauses = 0;
  const { writes, applied } = (await side().prepare(change, node.chain.state, async () => void pauses++))();
  // Between two pauses, one of them is prepared for the disk.
  expect(pauses).toBe(99);
  applied();
  expect([writes.length, side().list().length, side().list().at(-1)!.height]).toEqual([100, 100, 401]);
});
