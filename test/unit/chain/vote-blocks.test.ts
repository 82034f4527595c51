import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { answeredVotes } from "../../../src/chain/answered-votes.ts";
import { Proposals } from "../../../src/chain/proposals.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { voteBlockDueMs } from "../../../src/chain/vote-blocks.ts";
import { isWithinLimits } from "../../../src/config/parameter-limits.ts";
import { signerLimit } from "../../../src/consensus/index.ts";
import { ProposalStore } from "../../../src/storage/proposals.ts";
import {
  authorityVote,
  type ChainParameters,
  type ChainSnapshot,
  type HeaderVote,
  maxAmount,
  noVote,
  parameterVote,
} from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import type { ConfigChanges } from "../../chain-config.ts";
import { finalize } from "../api/finalize.ts";
import { extend, genesisParent } from "../consensus/test-chain.ts";
import { ascendingSigners, authorities, testChain, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase } from "../support/database.ts";
import { testProducer } from "../support/producer.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

describe("the time at which a block is due for open votes", () => {
  const open = (names: string, blocks: string) => extend(genesisParent(names), blocks.split(" ")).snapshot;
  const dueIn = (snapshot: ReturnType<typeof open>, height: number) =>
    voteBlockDueMs(snapshot, { height, timestamp: 5_000 }) - 5_000;

  test("no block is due without open votes", () => {
    expect(dueIn(open("ABCD", "A B"), 2)).toBe(Number.POSITIVE_INFINITY);
  });

  test("a block is due a period after the newest vote, and later after pauses that double once every authority may sign again", () => {
    const five = open("ABCDE", "A:minFee=7 B C:minFee=8");
    expect([3, 4, 5, 6, 7, 8, 9].map((height) => dueIn(five, height))).toEqual([
      1000,
      1000,
      minuteMs,
      1000,
      2 * minuteMs,
      1000,
      4 * minuteMs,
    ]);
    expect(dueIn(five, 3 + 2 * 11)).toBe(1024 * minuteMs);
    expect(dueIn(five, 3 + 2 * 12)).toBe(dayMs);
    expect(dueIn(five, 3 + 2 * 5_000)).toBe(dayMs);
  });

  test("each block of two authorities is due after a pause", () => {
    const two = open("AB", "A:minFee=7");
    expect([1, 2, 3].map((height) => dueIn(two, height))).toEqual([1000, minuteMs, 2 * minuteMs]);
  });
});

/**
 * Makes authorities on one chain without transactions, whose blocks are final at once; the last `dead` ones make none.
 * All start with the `stored` proposals.
 */
async function council(count: number, config: ConfigChanges, dead = 0, stored: readonly HeaderVote[] = []) {
  const clock = new ManualClock();
  const keys = count > authorities.length ? ascendingSigners(1, count) : authorities.slice(0, count);
  const set = keys.map(({ publicKey }) => publicKey);
  const { chain } = await testChain({
    genesis: await testGenesis(count, { authorities: set, ...config }),
    clock,
  });
  const made: CanonicalBlock[] = [];
  let settling: Promise<unknown> = Promise.resolve();
  clock.settle = async () => {
    await chain.idle();
    await settling;
    await chain.idle();
  };
  const alive = keys.slice(0, count - dead);
  const members = await Promise.all(
    alive.map(async (signer) => {
      const store = new ProposalStore(new MemoryDatabase());
      const open = () =>
        Proposals.open({
          store,
          config: chain.genesis.config,
          finalizedSnapshot: () => chain.tree.snapshotAfter(chain.finalized.id),
          clock,
          logger: silentLogger,
        });
      const earlier = await open();
      for (const vote of stored) await earlier.propose(vote);
      const proposals = await open();
      const producer = testProducer({ chain, signer, clock, proposals });
      proposals.events.on("changed", () => producer.onProposals());
      return { proposals, producer };
    }),
  );
  chain.events.on("sealed", (block) => made.push(block));
  chain.events.on("head", ({ head }) => {
    settling = finalize(chain, head.height, keys).then(async () => {
      for (const { proposals } of members) await proposals.onFinalized();
    });
  });
  for (const { producer } of members) producer.enabled = true;
  onTestFinished(() => {
    for (const { producer } of members) producer.stop();
  });
  const propose = async (vote: HeaderVote, ...by: number[]) => {
    for (const index of by) await members[index]!.proposals.propose(vote);
  };
  return { clock, chain, made, propose, members, keys };
}

const quiet = { emptyBlockPeriodMs: 0 };

describe("a chain without empty blocks", () => {
  test("makes the blocks that a proposal of a majority needs, and no others", async () => {
    const { clock, chain, made, propose } = await council(4, quiet);
    await clock.advance(dayMs);
    expect(made).toHaveLength(0);
    await propose(parameterVote("minFee", 7), 0, 1, 2);
    await clock.advance(10_000);
    expect(chain.snapshot.parameters.minFee).toBe(7n);
    // One block is of the authority that did not propose it: it was its turn, and a vote was open.
    expect(made).toHaveLength(4);
    await clock.advance(30 * dayMs);
    expect(made).toHaveLength(4);
  });

  test("an authority that votes in every block that it may make does not keep a chain without empty blocks at work", async () => {
    const { clock, chain, made, members } = await council(4, quiet);
    members[0]!.producer.stop();
    let value = 0;
    const proposals = { voteFor: () => parameterVote("minFee", 10 + (++value % 2)), wantsBlock: () => true };
    const producer = testProducer({ chain, signer: authorities[0]!, clock, proposals });
    onTestFinished(() => producer.stop());
    producer.enabled = true;
    await clock.advance(10 * minuteMs);
    const first = made.length;
    expect(first).toBeGreaterThan(2 * answeredVotes.requests);
    await clock.advance(hourMs);
    expect(made.length - first).toBeLessThan(60);
  });

  test("two of seven who keep a vote open and begin each series of blocks for it do not keep a chain at work", async () => {
    const { clock, chain, made, members, keys } = await council(7, quiet);
    for (const { producer } of members.slice(0, 2)) producer.stop();
    const series = signerLimit(7) - 1;
    const proposals = {
      voteFor: ({ openVotes }: ChainSnapshot) =>
        openVotes.length === 0 ? parameterVote("minFee", 7) : noVote,
      wantsBlock: () => true,
    };
    const faulty = keys.slice(0, 2).map((signer) => testProducer({ chain, signer, clock, proposals }));
    const begin = () => {
      const { head, snapshot } = chain;
      const isBetween = (head.height - (snapshot.openVotes[0]?.height ?? 0)) % series === 0;
      for (const [index, producer] of faulty.entries())
        producer.enabled = isBetween && (head.height / series) % 2 < 1 === (index === 0);
    };
    begin();
    chain.events.on("head", begin);
    onTestFinished(() => {
      for (const producer of faulty) producer.stop();
    });
    await clock.advance(10 * minuteMs);
    const first = made.length;
    expect(first).toBeGreaterThan(20);
    await clock.advance(hourMs);
    expect(made.length - first).toBeLessThan(60);
  });

  test("makes the blocks for proposals that were stored before the nodes started", async () => {
    const { clock, chain, made } = await council(3, quiet, 0, [parameterVote("minFee", 7)]);
    await clock.advance(10_000);
    expect(chain.snapshot.parameters.minFee).toBe(7n);
    expect(made).toHaveLength(2);
    await clock.advance(dayMs);
    expect(made).toHaveLength(2);
  });

  test("makes a block for a vote on the set once the last change is final", async () => {
    const { clock, chain, made, propose } = await council(3, quiet);
    await propose(authorityVote("add", authorities[3]!.publicKey), 0, 1);
    await propose(authorityVote("add", authorities[4]!.publicKey), 0, 1, 2);
    await clock.advance(minuteMs);
    expect(chain.snapshot.authorities).toHaveLength(5);
    expect(made.length).toBeLessThanOrEqual(7);
  });

  test("an authority that had just signed when its operator proposed can vote within a day", async () => {
    const { clock, chain, made, propose } = await council(4, quiet);
    await propose(parameterVote("minFee", 7), 1, 2);
    await clock.advance(5 * dayMs);
    const [last, other] = made.slice(-2).map(({ header }) => header.message.proposer);
    const late = authorities.findIndex(({ publicKey }) => publicKey === last);
    expect(last).not.toEqual(other);
    // One of those who signed last has not voted.
    expect([0, 3]).toContain(late);
    await propose(parameterVote("minFee", 7), late);
    await clock.advance(dayMs + minuteMs);
    expect(chain.snapshot.parameters.minFee).toBe(7n);
  });

  test("makes ever fewer blocks for a vote that finds no majority, and none once an epoch has discarded it", async () => {
    const { clock, chain, made, propose, members } = await council(4, { ...quiet, epochLength: 60 });
    const vote = parameterVote("minFee", 7);
    await propose(vote, 1);
    const counts: number[] = [];
    for (const ms of [minuteMs, hourMs, dayMs, 10 * dayMs]) {
      await clock.advance(ms);
      counts.push(made.length);
    }
    // The vote with a series of two, then a series after 1, 2, 4 … minutes, and at last one a day.
    expect(counts).toEqual([3, 13, 23, 43]);
    await members[1]!.proposals.drop(vote);
    await clock.advance(60 * dayMs);
    expect(chain.head.height).toBe(60);
  });

  test("makes the first block of an epoch, which carries no vote, for the vote after it", async () => {
    const { clock, chain, made, propose } = await council(2, { ...quiet, epochLength: 3 });
    await propose(parameterVote("minFee", 7), 0, 1);
    await clock.advance(10_000);
    expect([made.length, chain.snapshot.parameters.minFee]).toEqual([2, 7n]);
    await propose(parameterVote("blockReward", 7), 0, 1);
    await clock.advance(10_000);
    expect([made.length, chain.snapshot.parameters.blockReward]).toEqual([5, 7n]);
    await clock.advance(30 * dayMs);
    expect(made).toHaveLength(5);
  });
});

/** The lowest and the highest value of each parameter, and one between. */
const extremes = fc.record({
  periodMs: fc.constantFrom(100, 1000, 2 ** 31 - 1),
  emptyBlockPeriodMs: fc.constantFrom(0, 1000, 2 ** 31 - 1),
  maxBlockTransactions: fc.constantFrom(1, 65_536),
  maxBlockBytes: fc.constantFrom(1_024, 2 ** 24),
  blockReward: fc.constantFrom(0n, 1n, maxAmount),
  minFee: fc.constantFrom(0n, 1n, maxAmount),
});

test("whatever the parameters are, a majority votes them back, without a transaction", async () => {
  const slotMs = 100;
  const wanted = {
    emptyBlockPeriodMs: 0,
    maxBlockTransactions: 9,
    maxBlockBytes: 2_000,
    blockReward: 7n,
    minFee: 7n,
  };
  const target: Partial<ChainParameters> = { periodMs: 101, ...wanted };
  await fc.assert(
    fc.asyncProperty(
      extremes.filter((parameters) => isWithinLimits({ ...parameters, rules: 1 }, { slotMs })),
      async (parameters) => {
        const { clock, chain, propose, members } = await council(4, { ...parameters, slotMs }, 1);
        const names = Object.keys(target) as (keyof typeof target)[];
        for (const name of names.toSorted((a) => (a === "periodMs" ? 1 : -1)))
          if (target[name] !== parameters[name as keyof typeof parameters])
            await propose(parameterVote(name, target[name]!), 0, 1, 2).catch(() => undefined);
        await clock.advance(2 ** 31 * 60);
        expect(chain.snapshot.parameters).toMatchObject(wanted);
        if (chain.snapshot.parameters.periodMs !== 101)
          await propose(parameterVote("periodMs", 101), 0, 1, 2);
        await clock.advance(2 ** 31 * 60);
        expect(chain.snapshot.parameters).toMatchObject(target);
        for (const { producer } of members) producer.stop();
      },
    ),
    {
      numRuns: 5,
      seed: 5,
      examples: [
        [
          {
            ...{ periodMs: 2 ** 31 - 1, emptyBlockPeriodMs: 0, blockReward: maxAmount, minFee: maxAmount },
            ...{ maxBlockTransactions: 1, maxBlockBytes: 1_024 },
          },
        ],
      ],
    },
  );
});
