import { expect, test } from "vitest";
import { BlockTree, BrokenBranch, blockWrites } from "../../../src/chain/block-tree.ts";
import { productRules } from "../../../src/chain/rules.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { BlockError } from "../../../src/types/errors.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { authorities, codeOf, type TestChain, type Tip, testChain, testGenesis } from "../support/chain.ts";

const genesis = await testGenesis(3);

/** A chain of four blocks and a shorter branch from its first one. */
async function branched() {
  const node = await testChain({ genesis });
  const { maker } = node;
  const tips: Tip[] = [maker.start()];
  for (let height = 1; height <= 4; height++) tips.push(await maker.block(tips.at(-1)!));
  const side = await maker.block(await maker.block(tips[1]!, { laterMs: 5 }));
  await node.addAll(tips[4]!);
  await node.addAll(side);
  return { ...node, tips, side };
}

/** The tree of the same blocks, which has read none of them. */
const freshTree = ({ stores }: TestChain) => new BlockTree(stores.blocks, genesis.config, productRules);

test("stores a block's counts with its header, and the snapshot after it at every 256th height", async () => {
  const node = await testChain({ genesis });
  const { blocks } = node.stores;
  const tip = await node.maker.block(node.maker.start(), { transactions: [await node.maker.transfer({})] });
  const checked = await node.check(tip.blocks[0]!);
  for (const [height, isStored] of [
    [255, false],
    [256, true],
    [257, false],
    [512, true],
  ] as const) {
    await node.database.commit([{ key: keyOf("snapshot", tip.id), value: undefined }]);
    await node.database.commit(blockWrites(blocks, checked, { height, totalDifficulty: 7 }, tip.snapshot));
    expect((await blocks.snapshot(tip.id)) !== undefined).toBe(isStored);
  }
  expect(await blocks.header(tip.id)).toMatchObject({
    totalDifficulty: 7,
    transactionCount: 1,
    bodyBytes: checked.body.length,
  });
});

test("finds a block by its id, whose bytes the caller may use again, and says that one is missing", async () => {
  const node = await branched();
  const tree = freshTree(node);
  const id = node.tips[2]!.id.slice();
  const found = await tree.get(id);
  id.fill(0);
  expect(found).toMatchObject({
    height: 2,
    id: node.tips[2]!.id,
    idHex: node.tips[2]!.idHex,
    totalDifficulty: 4,
  });
  expect(await tree.get(id)).toBeUndefined();
  expect(await codeOf(tree.require(id))).toBe("DAMAGED");
  for (const tip of node.tips.slice(1))
    expect(await node.chain.tree.get(tip.id)).toEqual(await tree.get(tip.id));
});

test("reads a header from disk once, until the block is forgotten", async () => {
  const node = await branched();
  const tree = freshTree(node);
  const read: string[] = [];
  const header = node.stores.blocks.header.bind(node.stores.blocks);
  node.stores.blocks.header = (id) => {
    read.push("header");
    return header(id);
  };
  const { id, idHex, snapshot } = node.tips[4]!;
  for (let time = 0; time < 2; time++) {
    await tree.get(id);
    expect(await tree.stateAfter(id)).toEqual(snapshot);
    expect(read).toHaveLength(4);
  }
  tree.forget(idHex);
  await tree.get(id);
  expect(read).toHaveLength(5);
});

test("looks for a block that is missing once, and again if others were stored meanwhile", async () => {
  const node = await branched();
  const [other, missing] = [node.tips[4]!, new Uint8Array(32).fill(7)];
  const stored = await freshTree(node).require(other.id);
  const tree = freshTree(node);
  let reads = 0;
  let whileReading = () => tree.remember(stored, other.snapshot);
  node.stores.blocks.header = async () => {
    reads++;
    whileReading();
    whileReading = () => undefined;
    return undefined;
  };
  for (const expected of [1, 2, 2]) {
    expect(await tree.get(missing)).toBeUndefined();
    expect(reads).toBe(expected);
  }
  const block = { ...stored, id: missing, idHex: toHex(missing) };
  tree.remember(block, other.snapshot);
  expect(await tree.get(missing)).toBe(block);
  tree.forget(block.idHex);
  await tree.get(missing);
  expect(reads).toBe(3);
});

test("leads from a block down to where the branches part, and up to another one", async () => {
  const { chain, tips, side } = await branched();
  const { tree, head } = chain;
  const heightsOf = async (to: Uint8Array) => {
    const { retract, apply } = await tree.path(head, await tree.require(to));
    return [retract, apply].map((blocks) => blocks.map(({ height }) => height));
  };
  expect(await heightsOf(tips[4]!.id)).toEqual([[], []]);
  expect(await heightsOf(tips[2]!.id)).toEqual([[4, 3], []]);
  expect(await heightsOf(side.id)).toEqual([
    [4, 3, 2],
    [2, 3],
  ]);
});

test("names the blocks whose ancestor is missing", async () => {
  const node = await branched();
  const { side, tips } = node;
  await node.database.commit([{ key: keyOf("header", side.header.parent), value: undefined }]);
  const tree = freshTree(node);
  const head = await tree.require(tips[4]!.id);
  const upper = await tree.require(side.id);
  for (const look of [() => tree.path(head, upper), () => tree.stateAfter(side.id)]) {
    const error = (await look().catch((thrown: unknown) => thrown)) as BrokenBranch;
    expect(error).toBeInstanceOf(BrokenBranch);
    expect(error.blocks.map(({ id }) => id)).toEqual([side.id]);
    expect(error.missing).toEqual(side.header.parent);
  }
  expect(await tree.findSnapshotAfter(side.id)).toBeUndefined();
  expect(await tree.findSnapshotAfter(tips[4]!.id)).toEqual(await tree.snapshotAfter(tips[4]!.id));
});

test("says nothing of children of a block under later rules, and hides no other error", async () => {
  const node = await branched();
  const failing = (error: Error) => {
    const applyHeader = () => {
      throw error;
    };
    const rules = Object.create(productRules, { applyHeader: { value: applyHeader } });
    return new BlockTree(node.stores.blocks, genesis.config, rules).findSnapshotAfter(node.side.id);
  };
  expect(await failing(new BlockError("UNKNOWN_RULES", "later rules"))).toBeUndefined();
  await expect(failing(new BlockError("WRONG_HEIGHT", "a fault"))).rejects.toThrow("a fault");
  await expect(failing(new Error("the disk has failed"))).rejects.toThrow("the disk has failed");
});

test("finds ancestors of canonical blocks alone by the index", async () => {
  const { chain, tips, side } = await branched();
  const ancestor = async ({ id, header }: Tip, height: number) =>
    (await chain.tree.canonicalAncestor({ id, height: header.height }, height))?.idHex;
  expect(await ancestor(tips[4]!, 2)).toBe(tips[2]!.idHex);
  expect(await ancestor(tips[3]!, 3)).toBe(tips[3]!.idHex);
  expect(await ancestor(side, 1)).toBeUndefined();
  expect(await ancestor(tips[4]!, 9)).toBeUndefined();
});

test("prefers the block of more difficulty, then the one whose proposer's turn was longer ago, then the lower id", async () => {
  const { chain, maker, add, tips, side } = await branched();
  const { tree } = chain;
  const [better, worse] = await Promise.all([tips[4]!, side].map(({ id }) => tree.require(id)));
  expect(await tree.isBetter(better!, worse!)).toBe(true);
  expect(await tree.isBetter(worse!, better!)).toBe(false);
  expect(await tree.isBetter(better!, better!)).toBe(false);
  const twin = await maker.block(tips[3]!, { laterMs: 9 });
  await add(twin.blocks.at(-1)!);
  const other = await tree.require(twin.id);
  expect(await tree.isBetter(better!, other)).toBe(better!.idHex < other.idHex);
  expect(await tree.isBetter(other, better!)).toBe(other.idHex < better!.idHex);
  const start = await tree.require(genesis.id);
  expect(await tree.isBetter(start, start)).toBe(false);
  // At height 1 the turn is the second authority's: the third one's was two blocks ago, the first one's one block.
  const of = (by: number, laterMs = 0) => maker.block(tips[0]!, { by: authorities[by]!, laterMs });
  const first = await of(0);
  let third = await of(2);
  for (let laterMs = 1; third.idHex < first.idHex; laterMs++) third = await of(2, laterMs);
  const [one, three] = await Promise.all(
    [first, third].map(async ({ blocks, id }) => {
      await add(blocks[0]!);
      return tree.require(id);
    }),
  );
  expect(await tree.isBetter(three!, one!)).toBe(true);
  expect(await tree.isBetter(one!, three!)).toBe(false);
});
