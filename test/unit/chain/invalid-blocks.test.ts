import { describe, expect, test } from "vitest";
import { BrokenBranch } from "../../../src/chain/block-tree.ts";
import { ForkBlocks } from "../../../src/chain/fork-blocks.ts";
import { InvalidBlocks } from "../../../src/chain/invalid-blocks.ts";
import { codeOf, type Tip, testChain, testGenesis } from "../support/chain.ts";

const genesis = await testGenesis(3);

/** A canonical block, two side blocks on one beside it that is missing, and the watch of invalid blocks. */
async function broken() {
  const node = await testChain({ genesis });
  const { maker, chain, stores } = node;
  const own = await maker.block(maker.start());
  const bad = await maker.block(maker.start(), { laterMs: 5 });
  const child = await maker.block(bad);
  const grandchild = await maker.block(child);
  const forks = await ForkBlocks.load(stores);
  await node.add(own.blocks[0]!);
  for (const { blocks, id, idHex, totalDifficulty, snapshot } of [child, grandchild]) {
    const { header, body, records } = await node.check(blocks.at(-1)!);
    const { height } = header.message;
    const counts = { transactionCount: 0, bodyBytes: 0 };
    const head = { height, id, idHex, header, totalDifficulty, ...counts };
    await node.database.commit(stores.blocks.put(id, { header, totalDifficulty, ...counts }, body));
    forks.add({ ...head, records });
    chain.tree.remember(head, snapshot);
  }
  const invalid = new InvalidBlocks(stores, chain.tree, forks);
  const heads = await Promise.all([grandchild, child].map(({ id }) => chain.tree.require(id)));
  const newcomer = await maker.block(grandchild);
  const refuse = () => codeOf(invalid.refuseBranch(new BrokenBranch(heads), { height: 4, id: newcomer.id }));
  const isStored = async ({ id }: Tip) =>
    (await chain.tree.get(id)) !== undefined || (await stores.blocks.header(id)) !== undefined;
  return { ...node, own, bad, child, grandchild, newcomer, forks, invalid, refuse, isStored };
}

describe("a branch whose ancestor is missing", () => {
  test("removes and remembers a branch whose missing ancestor was found invalid", async () => {
    const { bad, child, grandchild, newcomer, forks, invalid, refuse, isStored } = await broken();
    invalid.note(bad.id);
    expect(await refuse()).toBe("INVALID_ANCESTOR");
    for (const tip of [child, grandchild, newcomer]) {
      expect(invalid.has(tip.idHex)).toBe(true);
      expect(await isStored(tip)).toBe(false);
    }
    expect([...forks.refs()]).toEqual([]);
  });

  test("removes a branch that may come again if nothing is known about its missing ancestor", async () => {
    const { child, grandchild, newcomer, forks, invalid, refuse, isStored } = await broken();
    expect(await refuse()).toBe("UNKNOWN_PARENT");
    for (const tip of [child, grandchild, newcomer]) expect(invalid.has(tip.idHex)).toBe(false);
    expect([await isStored(child), await isStored(grandchild), ...forks.refs()]).toEqual([false, false]);
  });

  test("reports damage if the broken branch is the canonical one", async () => {
    const { database, stores, child, refuse, isStored } = await broken();
    await database.commit([stores.blocks.setCanonical({ height: 2, id: child.id, timestamp: 0 })]);
    expect(await refuse()).toBe("DAMAGED");
    expect(await isStored(child)).toBe(true);
  });

  test("reports no damage because another block is canonical at the height", async () => {
    const { database, stores, own, refuse } = await broken();
    await database.commit([stores.blocks.setCanonical({ height: 2, id: own.id, timestamp: 0 })]);
    expect(await refuse()).toBe("UNKNOWN_PARENT");
  });
});

test("a block found invalid is refused by name, and a child of one with its own descendants", async () => {
  const { bad, child, grandchild, invalid } = await broken();
  const refusal = (tip: Tip, parent: Tip) => codeOf((async () => invalid.refuse(tip.idHex, parent.idHex))());
  expect(await refusal(child, bad)).toBe("no error");
  await invalid.add([{ height: 1, id: bad.id }]);
  expect(await refusal(bad, bad)).toBe("KNOWN_INVALID");
  expect(await refusal(child, bad)).toBe("INVALID_ANCESTOR");
  expect(await refusal(child, bad)).toBe("KNOWN_INVALID");
  expect(await refusal(grandchild, child)).toBe("INVALID_ANCESTOR");
});
