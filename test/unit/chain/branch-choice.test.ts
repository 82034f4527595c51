import fc from "fast-check";
import { expect, test } from "vitest";
import type { BlockTree } from "../../../src/chain/block-tree.ts";
import { ancestorAt, Branches, findAncestor, isAncestor } from "../../../src/chain/branches.ts";
import type { WeightedHeader } from "../../../src/chain/types.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";

/** A tree of blocks without signatures: block 0 is the genesis, `parents[n]` is the parent of block n + 1. */
function treeOf(parents: readonly number[]) {
  const heads: WeightedHeader[] = [];
  const add = (height: number, parent: Uint8Array) => {
    const id = new Uint8Array(32).fill(0);
    id.set(uint32Bytes(heads.length + 1));
    const head = { height, id, idHex: toHex(id), header: { message: { parent } }, totalDifficulty: height };
    heads.push(head as WeightedHeader);
  };
  add(0, new Uint8Array(32));
  for (const parent of parents) add(heads[parent]!.height + 1, heads[parent]!.id);
  const gone = new Set<string>();
  const counts = { reads: 0, jumps: 0 };
  const byId = new Map(heads.map((head) => [head.idHex, head]));
  const find = (idHex: string) => (gone.has(idHex) ? undefined : byId.get(idHex));
  const parentOf = (head: WeightedHeader) => find(toHex(head.header.message.parent));
  const up = (from: WeightedHeader, height: number) => {
    let at: WeightedHeader | undefined = from;
    while (at && at.height > height) at = parentOf(at);
    return at;
  };
  /** The last block is the head of the canonical chain. */
  const canonical = new Set<string>();
  for (let at: WeightedHeader | undefined = heads.at(-1); at; at = parentOf(at)) canonical.add(at.idHex);
  const tree = {
    get: async (id: Uint8Array) => {
      counts.reads++;
      return find(toHex(id));
    },
    require: async (id: Uint8Array) => find(toHex(id))!,
    isBetter: async (a: WeightedHeader, b: WeightedHeader) =>
      a.height > b.height || (a.height === b.height && a.idHex < b.idHex),
    canonicalAncestor: async (head: WeightedHeader, height: number) => {
      counts.jumps++;
      return canonical.has(head.idHex)
        ? heads.find((one) => one.height === height && canonical.has(one.idHex))
        : undefined;
    },
  } as unknown as BlockTree;
  return { tree, heads, up, gone, counts };
}

/** 0 to `length` in a line. */
const line = (length: number) => Array.from({ length }, (_, at) => at);

test("only branches with the root are preferred, and the best of them is the head", async () => {
  const shape = fc.tuple(
    fc.integer({ min: 0, max: 150 }),
    fc.array(fc.nat(), { maxLength: 12 }),
    fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(shape, async ([length, sides, roots]) => {
      const parents = line(length);
      for (const side of sides) parents.push(side % (parents.length + 1));
      const { tree, heads, up } = treeOf(parents);
      const branches = new Branches(tree, heads[0]!, () => heads);
      for (const number of roots) {
        const root = heads[number % heads.length]!;
        branches.setRoot(root);
        const holds = (head: WeightedHeader) => up(head, root.height) === root;
        const descending = heads
          .filter(holds)
          .toSorted((a, b) => b.height - a.height || (a.idHex < b.idHex ? -1 : 1));
        for (const head of heads.slice(-14)) expect(await branches.holdsRoot(head)).toBe(holds(head));
        for (const a of heads.slice(-4))
          for (const b of heads.slice(-4)) {
            const expected = holds(a) && (!holds(b) || (await tree.isBetter(a, b)));
            expect(await branches.prefers(a, b)).toBe(expected);
          }
        for (const head of heads.slice(-3))
          expect((await branches.best(head)).idHex).toBe(descending[0]!.idHex);
      }
    }),
    { numRuns: 40 },
  );
});

test("the head stays if no other branch with the root is better, and the root is the head if there is no other", async () => {
  const { tree, heads } = treeOf([...line(3), 0]);
  const [, one, , three, beside] = heads;
  expect((await new Branches(tree, one!, () => []).best(three!)).idHex).toBe(three!.idHex);
  expect((await new Branches(tree, one!, () => [beside!]).best(three!)).idHex).toBe(three!.idHex);
  expect((await new Branches(tree, beside!, () => [one!]).best(three!)).idHex).toBe(beside!.idHex);
});

test("a branch that has lost an ancestor is no longer preferred when the best is chosen again", async () => {
  const { tree, heads, gone } = treeOf([...line(4), 0, 5]);
  const root = heads[0]!;
  const branches = new Branches(tree, root, () => heads);
  expect(await branches.holdsRoot(heads[4]!)).toBe(true);
  gone.add(heads[2]!.idHex);
  gone.add(heads[4]!.idHex);
  expect((await branches.best(heads[3]!)).idHex).toBe(heads[6]!.idHex);
  expect(await branches.prefers(heads[3]!, heads[6]!)).toBe(false);
  expect(await branches.prefers(heads[6]!, heads[3]!)).toBe(true);
});

test("walks a branch once, and jumps where it is long", async () => {
  const { tree, heads, counts } = treeOf(line(200));
  const branches = new Branches(tree, heads[0]!, () => []);
  const cost = async (head: number) => {
    const before = { ...counts };
    expect(await branches.holdsRoot(heads[head]!)).toBe(true);
    return [counts.reads - before.reads, counts.jumps - before.jumps];
  };
  expect(await cost(60)).toEqual([60, 0]);
  // The walk ends at a block whose answer is known.
  expect(await cost(61)).toEqual([1, 0]);
  expect(await cost(40)).toEqual([0, 0]);
  // 64 blocks, then the 63 on to the first that is looked up.
  expect(await cost(200)).toEqual([64 + 63, 1]);
  expect(await cost(200)).toEqual([0, 0]);
  branches.setRoot(heads[0]!);
  expect(await cost(200)).toEqual([0, 0]);
  branches.setRoot(heads[1]!);
  expect(await cost(10)).toEqual([9, 0]);
  expect(await branches.holdsRoot(heads[0]!)).toBe(false);
});

test("finds the ancestor at a height, or says that a block is missing", async () => {
  // A branch of 150 blocks beside the canonical one.
  const { tree, heads, gone, counts } = treeOf([...line(150), 0, ...line(150).map((at) => at + 151)]);
  const [side, head] = [heads[150]!, heads.at(-1)!];
  for (const height of [150, 149, 87, 86, 85, 1, 0]) {
    expect(await findAncestor(tree, side, height)).toBe(heads[height]);
    expect(await isAncestor(tree, heads[height]!, side)).toBe(true);
    expect(await isAncestor(tree, heads[height]!, head)).toBe(height === 0);
  }
  expect(await isAncestor(tree, head, side)).toBe(false);
  expect(await isAncestor(tree, side, head)).toBe(false);
  counts.reads = 0;
  await findAncestor(tree, head, 1);
  expect(counts.reads).toBe(63);
  gone.add(heads[100]!.idHex);
  expect(await findAncestor(tree, side, 100)).toBeUndefined();
  expect(await findAncestor(tree, side, 3)).toBeUndefined();
  expect((await findAncestor(tree, side, 101))?.height).toBe(101);
  await expect(ancestorAt(tree, side, 3)).rejects.toMatchObject({ code: "DAMAGED" });
});
