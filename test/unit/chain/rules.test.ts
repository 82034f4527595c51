import { describe, expect, test } from "vitest";
import { KnownRules, productRules, type Rules, rules1 } from "../../../src/chain/rules.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { keyRange } from "../../../src/storage/key-spaces.ts";
import { parameterVote } from "../../../src/types/index.ts";
import { laterRules, moreByRules2 } from "../../rules-2.ts";
import { authorities, BlockMaker, codeOf, type TestChain, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote } from "../support/votes.ts";

const genesis = await testGenesis(1, { slotMs: 500 });
const proposer = authorities[0]!.publicKey;
const later = { chain: { rules: laterRules } };

/**
 * Makes two chains of one authority. The second program knows rules 2, which block 2 (`enacting`) sets; `after` is a
 * block on it.
 */
async function setUp() {
  const old = await testChain({ genesis });
  const node = await testChain({ genesis, ...later });
  const maker = new BlockMaker(genesis, laterRules);
  const enacting = await maker.extend(maker.start(), 1);
  const second = await maker.block(enacting, { edit: { vote: parameterVote("rules", 2) } });
  return { old, node, maker, first: enacting, enacting: second, after: await maker.block(second) };
}

async function storedBlocks({ database }: TestChain): Promise<number> {
  let count = 0;
  for await (const _ of database.iterate(keyRange("header"))) count++;
  return count;
}

test("the product's table has only the first version, and each table has all versions from 1 on", () => {
  expect(productRules.newest).toBe(1);
  const second: Rules = { ...rules1, version: 2 };
  for (const wrong of [[], [second], [second, rules1], [rules1, rules1], [rules1, { ...rules1, version: 3 }]])
    expect(() => new KnownRules(wrong)).toThrow("follow one another");
  expect(new KnownRules([rules1, second]).newest).toBe(2);
});

describe("a chain whose rules change", () => {
  test("executes each block by the version after its parent", async () => {
    const { node, after, maker } = await setUp();
    await node.addAll(after);
    const balance = () => node.chain.state.get(proposer)?.balance;
    expect(balance()).toBe(5n + 5n + 5n + moreByRules2);
    const least = genesis.config.parameters.minFee + moreByRules2;
    const transfer = async (fee: bigint) => ({
      transactions: [await maker.transfer({ fee })],
      unexecuted: true,
    });
    expect(
      await codeOf(node.add((await maker.block(after, await transfer(least - 1n))).blocks.at(-1)!)),
    ).toBe("INVALID_TRANSACTION");
    const paying = await maker.block(after, { transactions: [await maker.transfer({ fee: least })] });
    expect(await node.add(paying.blocks.at(-1)!)).toBe("head");
  });

  test("returns to the first version on a branch without the change, and switches again after a restart", async () => {
    const { node, first, after, maker } = await setUp();
    await node.addAll(after);
    const other = await maker.extend(await maker.block(first, { laterMs: 1 }), 2);
    await node.addAll(other);
    expect(node.chain.head.idHex).toBe(other.idHex);
    expect(node.chain.snapshot.parameters.rules).toBe(1);
    expect(node.chain.state.get(proposer)?.balance).toBe(20n);
    const again = await node.reopen();
    const longer = await maker.extend(after, 3);
    for (const block of longer.blocks.slice(3)) await again.add(block);
    expect(again.chain.head.idHex).toBe(longer.idHex);
    expect(again.chain.state.get(proposer)?.balance).toBe(30n + 4n * moreByRules2);
  });
});

describe("a program that does not know the next version", () => {
  test("accepts the block that enacts it but no later one, which it neither stores nor remembers as invalid", async () => {
    const { old, enacting, after, maker } = await setUp();
    await old.addAll(enacting);
    expect(old.chain.unknownRules).toBe(2);
    const stored = await storedBlocks(old);
    const next = await maker.block(after);
    expect(await codeOf(old.add(after.blocks.at(-1)!))).toBe("UNKNOWN_RULES");
    expect(await codeOf(old.chain.importBlocks([await old.check(after.blocks.at(-1)!)]))).toBe(
      "UNKNOWN_RULES",
    );
    expect(await codeOf(old.add(next.blocks.at(-1)!))).toBe("UNKNOWN_PARENT");
    expect(await storedBlocks(old)).toBe(stored);
    expect(old.chain.isInvalid(after.idHex)).toBe(false);
    expect(old.chain.head.idHex).toBe(enacting.idHex);
  });

  test("accepts consecutive headers and blocks as far as it can check them", async () => {
    const { old, after, maker } = await setUp();
    const longer = await maker.extend(after, 2);
    const headers = longer.blocks.map(({ header }) => header);
    expect((await old.chain.checkHeaders(headers)).map(({ height }) => height)).toEqual([1, 2]);
    const blocks = await Promise.all(longer.blocks.map((block) => old.check(block)));
    expect(await codeOf(old.chain.importBlocks(blocks))).toBe("UNKNOWN_RULES");
    expect(old.chain.head.height).toBe(2);
    expect(await codeOf(old.chain.checkHeaders(headers.slice(2)))).toBe("UNKNOWN_RULES");
  });

  test("makes no block above that block", async () => {
    const { old, enacting } = await setUp();
    await old.addAll(enacting);
    const proposal = {
      signer: { ...authorities[0]!, signHeader: () => expect.fail() },
      parentId: enacting.id,
      timestampMs: enacting.header.timestamp + 1_000,
      difficulty: 2,
      allowEmpty: true,
      select: () => [],
    };
    expect(await codeOf(old.chain.produce(proposal))).toBe("UNKNOWN_RULES");
    expect(old.chain.head.idHex).toBe(enacting.idHex);
  });

  test("follows a better branch that keeps the rules that it knows", async () => {
    const { old, first, enacting, maker } = await setUp();
    await old.addAll(enacting);
    const other = await maker.extend(await maker.block(first, { laterMs: 1 }), 1);
    await old.addAll(other);
    expect(old.chain.head.idHex).toBe(other.idHex);
    expect(old.chain.unknownRules).toBeUndefined();
  });

  test("keeps a stored branch of that version that becomes justified, and does not take its blocks for invalid", async () => {
    const { node, first, enacting, after, maker } = await setUp();
    const other = await maker.extend(await maker.block(first, { laterMs: 1 }), 2);
    for (const tip of [after, other]) await node.addAll(tip);
    const old = await testChain({ genesis, database: node.database });
    expect(old.chain.head.idHex).toBe(other.idHex);
    const source = { round: 0, height: 0, block: genesis.id };
    const vote = await signedVote(authorities[0]!, genesis, source, checkpoint(1, after));
    expect(await codeOf(old.chain.justify(certificateOf(vote.message, [vote])))).toBe("UNKNOWN_RULES");
    expect(old.chain.isInvalid(after.idHex)).toBe(false);
    expect(old.chain.head.idHex).toBe(other.idHex);
    const upgraded = await testChain({ genesis, database: old.database, ...later });
    expect(upgraded.chain.head.idHex).toBe(after.idHex);
    expect(await upgraded.chain.find(enacting.id)).toBeDefined();
  });

  test("opens its data at that block again; after a program that knows the version has continued them, only such a program opens them", async () => {
    const { old, enacting, after, maker } = await setUp();
    await old.addAll(enacting);
    const again = await old.reopen();
    expect(again.chain.unknownRules).toBe(2);
    const upgraded = await testChain({ genesis, database: old.database, ...later });
    expect(upgraded.chain.unknownRules).toBeUndefined();
    expect(await upgraded.add(after.blocks.at(-1)!)).toBe("head");
    expect(await codeOf(old.reopen())).toBe("UNKNOWN_RULES");
    expect(await upgraded.add((await maker.block(after)).blocks.at(-1)!)).toBe("head");
    expect(await codeOf(old.reopen())).toBe("UNKNOWN_RULES");
  });
});
