import { describe, expect, test } from "vitest";
import { ancestorAt, Branches, isAncestor } from "../../../src/chain/branches.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import {
  authorities,
  type BlockOptions,
  codeOf,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
} from "../support/chain.ts";
import { checkpoint, signedVote } from "../support/votes.ts";

test("finds ancestors near and far, on the canonical chain and on side branches", async () => {
  const node = await testChain();
  const { tree } = node.chain;
  let tip = node.maker.start();
  for (let height = 1; height <= 150; height++) tip = await node.maker.block(tip);
  await node.addAll(tip);
  // A branch that stays worse than the chain.
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

  const branches = new Branches(tree, await ancestorAt(tree, head, 3), () => [head, beside]);
  expect(await branches.holdsRoot(head)).toBe(true);
  expect(await branches.holdsRoot(beside)).toBe(false);
  expect((await branches.best(head)).idHex).toBe(head.idHex);

  // Nothing that was found for the first root is reused for the next.
  branches.setRoot(beside);
  expect(await branches.holdsRoot(beside)).toBe(true);
  expect(await branches.holdsRoot(head)).toBe(false);
});

test("does not keep the transactions of a retracted head in memory", async () => {
  const node = await testChain();
  const tip = await node.maker.block(node.maker.start(), { transactions: [await node.maker.transfer({})] });
  const root = node.chain.head;
  await node.addAll(tip);
  const branches = new Branches(node.chain.tree, root, () => [node.chain.head]);
  const best = await branches.best(root);
  expect(best.idHex).toBe(tip.idHex);
  expect(best).not.toHaveProperty("records");
});

test("a block with a missing ancestor, near or far, does not descend from the root", async () => {
  const node = await testChain();
  const { tree } = node.chain;
  let tip = await node.maker.block(node.maker.start(), { by: authorities[0]! });
  const lowest = tip;
  for (let height = 2; height <= 100; height++) tip = await node.maker.block(tip);
  await node.addAll(tip);
  const ends = await Promise.all([2, 100].map((height) => ancestorAt(tree, node.chain.head, height)));
  const root = await ancestorAt(tree, node.chain.head, 0);
  // On a side branch there is no shortcut by the canonical index.
  const beside = await node.maker.extend(node.maker.start(), 101);
  await node.addAll(beside);
  tree.forget(lowest.idHex);
  await node.database.commit(await node.stores.blocks.delete({ height: 1, id: lowest.id }));

  const branches = new Branches(tree, root, () => []);
  expect(await branches.holdsRoot(node.chain.head)).toBe(true);
  for (const end of ends) {
    expect(await branches.holdsRoot(end)).toBe(false);
    await expect(isAncestor(tree, root, end)).rejects.toMatchObject({ code: "DAMAGED" });
  }
});

describe("two branches on one invalid block", () => {
  const invalid: BlockOptions = { edit: { stateRoot: new Uint8Array(32).fill(3) } };

  async function fourAuthorities() {
    const node = await testChain({ genesis: await testGenesis(4) });
    const justified: number[] = [];
    node.chain.events.on("finality", (status) => justified.push(status.justified.height));
    const justify = async (tip: Tip) => {
      const source = { round: 0, height: 0, block: node.genesis.id };
      const voters = authorities.slice(0, 3);
      const votes = await Promise.all(
        voters.map((voter) => signedVote(voter, node.genesis, source, checkpoint(1, tip))),
      );
      await node.chain.justify(certificateOf(votes[0]!.message, votes));
    };
    return { node, justified, justify };
  }

  async function addSides({ add }: TestChain, ...tips: Tip[]) {
    for (const tip of tips) expect(await add(tip.blocks.at(-1)!)).toBe("side");
  }

  test("a refused branch and its rival on one invalid block do not keep the chain from a justified block", async () => {
    const { node, justified, justify } = await fourAuthorities();
    const { maker } = node;
    const one = await maker.block(maker.start());
    const head = await maker.extend(one, 2);
    await node.addAll(head);
    const bad = await maker.block(maker.start(), { by: authorities[0]!, ...invalid });
    const tried = await maker.extend(bad, 2);
    const other = await maker.block(bad, { laterMs: 1 });
    for (const block of tried.blocks) expect(await node.add(block)).toBe("side");
    await addSides(node, other);
    expect(await codeOf(node.add((await maker.block(tried)).blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");

    await justify(one);
    expect(justified).toEqual([1]);
    expect(node.chain.head.idHex).toBe(head.idHex);
  });

  test("two branches on an invalid block make the block below it the head once that is justified", async () => {
    const { node, justified, justify } = await fourAuthorities();
    const { maker } = node;
    await node.addAll(await maker.extend(maker.start(), 5));
    const below = await maker.block(maker.start(), { by: authorities[0]! });
    const bad = await maker.block(below, invalid);
    await addSides(node, below, bad, await maker.block(bad), await maker.block(bad, { laterMs: 1 }));

    await justify(below);
    expect(justified).toEqual([1]);
    expect(node.chain.head.idHex).toBe(below.idHex);
    expect(await node.add((await maker.block(below)).blocks.at(-1)!)).toBe("head");
  });
});
