import { expect, onTestFinished, test } from "vitest";
import { chainDigest } from "../../../protocols/index.ts";
import { KnownRules, rules1 } from "../../../src/chain/rules.ts";
import { Topics } from "../../../src/sync/topics.ts";
import { type Checkpoint, parameterVote } from "../../../src/types/index.ts";
import { type Hex, toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, BlockMaker, type Tip, testChain, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { FakeNetwork } from "../support/network.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

/** Makes versions of the rules that do not differ. */
function plainRules(newest: number): KnownRules {
  return new KnownRules(Array.from({ length: newest }, (_, index) => ({ ...rules1, version: index + 1 })));
}

/** Makes a chain of one authority whose first block enacts rules 2, and its gossip. */
async function setUp(knownRules: number) {
  const genesis = await testGenesis(1);
  const node = await testChain({ genesis, chain: { rules: plainRules(knownRules) } });
  const { chain } = node;
  const maker = new BlockMaker(genesis, plainRules(2));
  const network = new FakeNetwork(new ManualClock()).node("a");
  const line = { recoveries: [new Uint8Array(32).fill(5)] };
  const topics = new Topics({ network, chain, line, logger: silentLogger });
  onTestFinished(() => topics.stop());
  const ignore = async () => "ignore" as const;
  await topics.join({ blocks: ignore, transactions: ignore, votes: ignore, evidence: ignore });
  const digest = (rules: number): Hex => toHex(chainDigest({ genesisId: genesis.id, ...line, rules }));
  const before = await maker.block(maker.start());
  const enacting = await maker.block(before, { edit: { vote: parameterVote("rules", 2) } });
  return { node, maker, chain, network, topics, digest, before, enacting };
}

test("a node listens to the topics of both versions until the block that enacts the change is final", async () => {
  const { node, maker, chain, network, digest, before, enacting } = await setUp(3);
  expect(network.listened).toEqual([digest(1), digest(2)]);
  await node.addAll(before);
  expect(network.listened).toEqual([digest(1), digest(2)]);
  await node.addAll(enacting);
  expect(network.listened).toEqual([digest(1), digest(2), digest(3)]);
  const after = await maker.block(enacting);
  await node.addAll(after);
  const { finalizer } = testFinalizer(node);
  const link = async (source: Checkpoint, target: Checkpoint) =>
    finalizer.addVote(await signedVote(authorities[0]!, chain.genesis, source, target));
  await link(checkpoint(0, maker.start()), checkpoint(1, enacting));
  expect(network.listened).toEqual([digest(1), digest(2), digest(3)]);
  await link(checkpoint(1, enacting), checkpoint(2, after));
  expect(chain.finalized.height).toBe(2);
  await expect.poll(() => network.listened).toEqual([digest(2), digest(3)]);
});

test("a node listens to four versions at most, the newest ones", async () => {
  const { node, network, digest } = await setUp(10);
  const maker = new BlockMaker(node.genesis, plainRules(10));
  let tip = maker.start();
  for (let rules = 2; rules <= 6; rules++)
    tip = await maker.block(tip, { edit: { vote: parameterVote("rules", rules) } });
  await node.addAll(tip);
  expect(network.listened).toEqual([4, 5, 6, 7].map(digest));
});

test("a program that does not know the next version neither listens nor publishes under it", async () => {
  const { node, network, topics, digest, enacting } = await setUp(1);
  const message = new Uint8Array([1]);
  expect(network.listened).toEqual([digest(1)]);
  await topics.publish("transactions", message);
  await node.addAll(enacting);
  expect(network.listened).toEqual([digest(1)]);
  expect(await topics.publish("transactions", message)).toBe(0);
  expect(network.published.map((sent) => sent.digest)).toEqual([digest(1)]);
});

test("blocks and their votes are published under the rules of the block, all else under those of the next block", async () => {
  const { node, maker, network, topics, digest, before, enacting } = await setUp(2);
  const after = await maker.block(enacting);
  await node.addAll(after);
  const message = new Uint8Array([1]);
  const voteFor = (tip: Tip) => ({ source: checkpoint(0, before), target: checkpoint(1, tip) });
  await topics.publishBlock(message, before.id);
  await topics.publishBlock(message, enacting.id);
  await topics.publishVote(message, voteFor(enacting));
  await topics.publishVote(message, voteFor(after));
  await topics.publish("transactions", message);
  await topics.publish("evidence", message);
  expect(network.published.map((sent) => `${sent.topic} ${sent.digest}`)).toEqual([
    `blocks ${digest(1)}`,
    `blocks ${digest(2)}`,
    `votes ${digest(1)}`,
    `votes ${digest(2)}`,
    `transactions ${digest(2)}`,
    `evidence ${digest(2)}`,
  ]);
});
