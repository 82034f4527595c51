import { expect, test, vi } from "vitest";
import { Finalizer } from "../../../src/chain/finalizer.ts";
import { checkGenesis, createGenesis } from "../../../src/chain/genesis.ts";
import { Voter } from "../../../src/chain/voter.ts";
import { EquivocationWatch } from "../../../src/consensus/index.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { FinalityStore } from "../../../src/storage/finality.ts";
import { VoteInbox } from "../../../src/sync/vote-inbox.ts";
import { SignedFinalityVote } from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { testChainConfig } from "../../chain-config.ts";
import { ascendingSigners, BlockMaker, genesisTime, testChain } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { settledClock } from "../support/sync-node.ts";
import { checkpoint } from "../support/votes.ts";

const counter = vi.hoisted(() => ({ steps: 0 }));

// Code that uses an authority compares its bytes or formats them.
vi.mock("../../../src/util/bytes.ts", async (original) => {
  const real = await original<typeof import("../../../src/util/bytes.ts")>();
  const counted =
    <Args extends unknown[], Result>(of: (...args: Args) => Result) =>
    (...args: Args) => {
      counter.steps++;
      return of(...args);
    };
  return {
    ...real,
    toHex: counted(real.toHex),
    equalBytes: counted(real.equalBytes),
    compareBytes: counted(real.compareBytes),
  };
});

/**
 * Makes a node that is one of `size` authorities, with a block to vote for; all signatures are valid and cost nothing.
 */
async function node(size: number) {
  const signers = ascendingSigners(1_000, size);
  const config = testChainConfig({ authorities: signers.map(({ publicKey }) => publicKey) });
  const created = await createGenesis(config, { balances: [] }, signers[0]!, genesisTime);
  const genesis = await checkGenesis(created, verifySignatures);
  const orders: (string | undefined)[] = [];
  const verify: Verify = async (sets, order) => {
    orders.push(order);
    return sets.map(() => true);
  };
  const clock = settledClock();
  const base = await testChain({ genesis, clock, chain: { verify } });
  const { chain } = base;
  const block = await new BlockMaker(genesis).block(new BlockMaker(genesis).start(), { by: signers[1]! });
  const finalizer = new Finalizer({ chain, logger: silentLogger });
  const watch = new EquivocationWatch({
    slotMs: 1_000,
    presentSlot: () => 0,
    openRounds: () => ({ from: 0, to: 0 }),
  });
  finalizer.events.on("signed", (vote) => watch.vote(vote));
  const own = { publicKey: signers[0]!.publicKey, lastSourceRound: 0, lastTargetRound: 0, refusedToRound: 0 };
  const signFinalityVote = async () => new Uint8Array(64);
  const voter = new Voter({
    chain,
    finalizer,
    clock,
    logger: silentLogger,
    signer: { ...own, signFinalityVote },
  });
  const net = new FakeNetwork(clock);
  const inbox = new VoteInbox({
    network: net.node("node"),
    chain,
    finalizer,
    store: new FinalityStore(base.database),
    clock,
    logger: silentLogger,
    blocks: { fetch: async () => undefined, fetchVoted: async () => undefined },
    onAnswer: () => undefined,
  });
  const source = { round: 0, height: 0, block: genesis.id };
  const message = { source, target: checkpoint(1, block) };
  const votes = signers
    .slice(1)
    .map(({ publicKey }) =>
      SignedFinalityVote.serialize({ message, voter: publicKey, signature: new Uint8Array(64) }),
    );
  const stop = () => {
    inbox.stop();
    voter.stop();
  };
  return { ...base, block, votes, inbox, voter, clock, orders, stop };
}

/** Resolves to the steps that each vote of a round takes. The block arrives before or after the votes. */
async function stepsPerVote(size: number, blockComes: "before" | "after"): Promise<number> {
  const { add, block, chain, clock, inbox, stop, voter, votes } = await node(size);
  if (blockComes === "before") await add(block.blocks[0]!);
  voter.enabled = true;
  await clock.advance(0);
  const { stepsOf, restore } = countedIterations();
  const before = counter.steps;
  const verdicts = Promise.all(votes.map((vote) => inbox.onGossip(vote, "peer")));
  await clock.advance(20);
  if (blockComes === "after") await add(block.blocks[0]!);
  await clock.advance(0);
  expect(new Set(await verdicts)).toEqual(new Set(["accept"]));
  const steps = counter.steps - before + stepsOf();
  restore();
  stop();
  expect(chain.justified.round).toBe(1);
  return steps / votes.length;
}

/** Counts the entries that are read from sets and maps. */
function countedIterations() {
  const prototypes = [new Set(), new Map()].map((of) => Object.getPrototypeOf(of[Symbol.iterator]()));
  let steps = 0;
  const restores = prototypes.map((prototype) => {
    const { next } = prototype;
    prototype.next = function (this: unknown) {
      steps++;
      return next.call(this);
    };
    return () => {
      prototype.next = next;
    };
  });
  return {
    stepsOf: () => steps,
    restore: () => {
      for (const restore of restores) restore();
    },
  };
}

test.each(["before", "after"] as const)(
  "a vote costs as much in a set of eight times the size: its block comes %s the votes",
  async (blockComes) => {
    const few = await stepsPerVote(32, blockComes);
    const many = await stepsPerVote(256, blockComes);
    // A lookup of one authority in the larger set takes three more comparisons.
    expect(many - few).toBeLessThan(4 * Math.log2(256 / 32));
  },
);

test("checks the signatures of a round of a large set together, on other threads, and those of a small set at once", async () => {
  const large = await node(32);
  await large.add(large.block.blocks[0]!);
  large.orders.length = 0;
  for (const vote of large.votes) void large.inbox.onGossip(vote, "peer");
  await large.clock.advance(20);
  expect(large.chain.justified.round).toBe(1);
  expect(large.orders).toEqual(["threads"]);
  large.stop();

  const small = await node(4);
  await small.add(small.block.blocks[0]!);
  small.orders.length = 0;
  for (const vote of small.votes) void small.inbox.onGossip(vote, "peer");
  await small.clock.advance(0);
  expect(small.chain.justified.round).toBe(1);
  expect(small.orders).toEqual([undefined, undefined, undefined]);
  small.stop();
});
