import { expect, test } from "vitest";
import { ancestorAt, Branches, isAncestor } from "../../../src/chain/branches.ts";
import { authorities, testChain } from "../support/chain.ts";

test("ancestors near and far, on the canonical chain and beside it", async () => {
  const node = await testChain();
  const { tree } = node.chain;
  let tip = node.maker.start();
  for (let height = 1; height <= 150; height++) tip = await node.maker.block(tip);
  await node.addAll(tip);
  // A branch from height 2 that is worse than the chain from the start.
  let side = await node.maker.block(node.maker.start());
  side = await node.maker.block(side);
  side = await node.maker.block(side, { by: authorities[1]! });
  for (const block of side.blocks) await node.add(block);
  const head = node.chain.head;
  const beside = (await tree.get(side.id))!;

  for (const height of [150, 149, 90, 86, 20, 2, 0]) {
    const expected = await node.chain.reader.canonicalId(height);
    const found = await ancestorAt(tree, head, height);
    expect(found.height).toBe(height);
    expect(Buffer.from(found.id)).toEqual(Buffer.from(expected!));
    expect(await isAncestor(tree, found, head)).toBe(true);
  }
  expect(await isAncestor(tree, beside, head)).toBe(false);
  expect(await isAncestor(tree, head, beside)).toBe(false);

  const branches = new Branches(tree, head, await ancestorAt(tree, head, 3));
  expect(await branches.holdsRoot(head)).toBe(true);
  expect(await branches.holdsRoot(beside)).toBe(false);
  expect((await branches.best()).idHex).toBe(head.idHex);
});
