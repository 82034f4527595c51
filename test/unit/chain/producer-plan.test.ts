import { expect, onTestFinished, test } from "vitest";
import type { ChainEvents } from "../../../src/chain/assemble.ts";
import type { BlockPlan } from "../../../src/chain/build-block.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import type { ProducerOptions } from "../../../src/chain/producer.ts";
import { parameterVote } from "../../../src/types/index.ts";
import type { Hex } from "../../../src/util/bytes.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { addressOf, byTurn, genesisParent } from "../consensus/test-chain.ts";
import { ManualClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { testProducer } from "../support/producer.ts";

const periodMs = 1_000;
const [, inTurn, next] = byTurn("ABC") as [string, string, string];

/**
 * A producer on a head that is final, of a chain that has no transactions and whose head stays. `asked` are the blocks
 * that it asks for, each as the time since the head, with `e` if the block may be empty.
 */
function planned(options: Partial<ProducerOptions> & { emptyBlockPeriodMs?: number; by?: string } = {}) {
  const { emptyBlockPeriodMs = 0, by = inTurn, ...others } = options;
  const clock = new ManualClock();
  const { header, id, snapshot } = genesisParent("ABC", { periodMs, emptyBlockPeriodMs });
  const startMs = clock.now();
  const head = { id, height: 0, header: { message: { ...header, timestamp: startMs } } };
  const plans: BlockPlan[] = [];
  const asked: string[] = [];
  const chain = {
    events: new Emitter<ChainEvents>(silentLogger),
    genesis: { config: { slotMs: periodMs } },
    head,
    finalized: head,
    snapshot,
    produce: async (plan: BlockPlan) => {
      plans.push(plan);
      asked.push(`${clock.now() - startMs}${plan.allowEmpty ? "e" : ""}`);
      return plan.allowEmpty ? { height: 1, idHex: "0x", records: [] } : undefined;
    },
  };
  const listeners = countListeners(chain.events);
  const pool = { hasExecutable: false, executable: () => [] };
  const producer = testProducer({
    chain: chain as unknown as Chain,
    signer: { publicKey: addressOf(by), freeSlotFrom: (slot) => slot, signHeader: () => expect.fail() },
    clock,
    transactions: pool,
    ...others,
  });
  onTestFinished(() => {
    producer.stop();
    expect([clock.pending, listeners()]).toEqual([0, 0]);
  });
  return { clock, chain, producer, plans, asked, pool };
}

test("a disabled producer plans nothing, and enabling it again does not begin its wait in line again", async () => {
  const { clock, producer, asked } = planned({ emptyBlockPeriodMs: 1_000, by: next });
  expect(clock.pending).toBe(0);
  producer.enabled = true;
  await clock.advance(1_400);
  producer.enabled = true;
  await clock.advance(100);
  expect(asked).toEqual(["1500e"]);
  producer.enabled = false;
  producer.enabled = true;
  expect(clock.pending).toBe(1);
  producer.enabled = false;
  expect(clock.pending).toBe(0);
});

test("the first transaction that can be executed is a reason for a block a period after the head", async () => {
  const { clock, producer, asked, pool } = planned();
  pool.hasExecutable = true;
  producer.onTransaction();
  await clock.advance(300);
  expect(clock.pending).toBe(0);
  pool.hasExecutable = false;
  producer.enabled = true;
  producer.onTransaction();
  expect(clock.pending).toBe(0);
  pool.hasExecutable = true;
  producer.onTransaction();
  await clock.advance(699);
  expect(asked).toEqual([]);
  await clock.advance(1);
  expect(asked).toEqual(["1000"]);
});

test("later transactions do not begin the wait in line again", async () => {
  const { clock, producer, asked, pool } = planned({ by: next });
  producer.enabled = true;
  await clock.advance(2_000);
  pool.hasExecutable = true;
  producer.onTransaction();
  await clock.advance(300);
  producer.onTransaction();
  await clock.advance(200);
  expect(asked).toEqual(["2500"]);
});

test("transactions that wait when it is enabled are a reason, at once if the period is over", async () => {
  const { clock, producer, asked, pool } = planned();
  pool.hasExecutable = true;
  await clock.advance(2_000);
  producer.enabled = true;
  await clock.advance(0);
  expect(asked).toEqual(["2000"]);
});

test("a producer rests if the transaction that was the reason is gone", async () => {
  const { clock, producer, asked, pool } = planned();
  pool.hasExecutable = true;
  producer.enabled = true;
  pool.hasExecutable = false;
  await clock.advance(1_000);
  expect([asked, clock.pending]).toEqual([["1000"], 0]);
});

test("while what waits cannot be executed after all, it tries again each second", async () => {
  const { clock, producer, asked, pool } = planned();
  pool.hasExecutable = true;
  producer.enabled = true;
  await clock.advance(3_500);
  expect(asked).toEqual(["1000", "2000", "3000"]);
  pool.hasExecutable = false;
  await clock.advance(600);
  expect(clock.pending).toBe(0);
  pool.hasExecutable = true;
  producer.onTransaction();
  await clock.advance(0);
  expect(asked.slice(3)).toEqual(["4100"]);
});

test("a block for a transaction may be empty only once an empty one is due", async () => {
  const { clock, producer, asked, pool } = planned({ emptyBlockPeriodMs: 2_000 });
  pool.hasExecutable = true;
  producer.enabled = true;
  await clock.advance(2_500);
  expect(asked).toEqual(["1000", "2000e"]);
});

test("a vote is a reason for a block that may be empty, for as long as it is wanted", async () => {
  let wants = true;
  const vote = parameterVote("minFee", 7);
  const heights: number[] = [];
  const proposals: ProducerOptions["proposals"] = {
    wantsBlock: (_, height, voter) => {
      expect(voter).toEqual(addressOf(inTurn));
      heights.push(height);
      return wants;
    },
    voteFor: (_, height, voter) => {
      expect(voter).toEqual(addressOf(inTurn));
      heights.push(height);
      return vote;
    },
  };
  const { clock, producer, asked, plans } = planned({ proposals });
  producer.onProposals();
  expect(clock.pending).toBe(0);
  producer.enabled = true;
  expect(clock.pending).toBe(1);
  wants = false;
  producer.onProposals();
  expect(clock.pending).toBe(0);
  await clock.advance(400);
  wants = true;
  producer.onProposals();
  await clock.advance(400);
  producer.onProposals();
  await clock.advance(300);
  expect(asked).toEqual(["1000e"]);
  expect(plans[0]!.vote).toEqual(vote);
  expect(new Set(heights)).toEqual(new Set([1]));
});

test("out of turn, a node waits longer after a head that took long to come, by a period at most", async () => {
  const askedAt = async (by: string, headAtMs: number, tookMs: number) => {
    const { clock, producer, asked } = planned({ emptyBlockPeriodMs: 1_000, by, ageMs: () => tookMs });
    await clock.advance(headAtMs);
    producer.enabled = true;
    await clock.advance(4_000);
    return asked[0];
  };
  expect(await askedAt(inTurn, 900, 700)).toBe("1000e");
  expect(await askedAt(next, 900, 0)).toBe("1500e");
  expect(await askedAt(next, 900, 700)).toBe("2100e");
  expect(await askedAt(next, 900, 5_000)).toBe("2400e");
  // It came early enough for those before it in line, or its clock was set.
  expect(await askedAt(next, 100, 700)).toBe("1500e");
  expect(await askedAt(next, 900, -5_000)).toBe("1500e");
});

test("a block in turn waits for nobody's; one out of turn waits up to a period for one that is on its way", async () => {
  const early = planned({ emptyBlockPeriodMs: 1_000, coming: () => ["0x01"] });
  early.producer.enabled = true;
  await early.clock.advance(1_000);
  expect(early.asked).toEqual(["1000e"]);
  const late = planned({ emptyBlockPeriodMs: 1_000, by: next, coming: () => ["0x01"] });
  late.producer.enabled = true;
  await late.clock.advance(2_499);
  expect(late.asked).toEqual([]);
  await late.clock.advance(1);
  expect(late.asked).toEqual(["2500e"]);
  expect([early, late].map(({ plans }) => plans[0]!.difficulty)).toEqual([2, 1]);
});

test("a proposer that lets others wait in vain is not awaited for a minute, and others are", async () => {
  const coming: Hex[] = ["0x01"];
  const { clock, producer, asked } = planned({ emptyBlockPeriodMs: 1_000, by: next, coming: () => coming });
  /** Plans a block anew, and resolves to the time after which it is made. */
  const wait = async () => {
    const before = asked.length;
    const since = clock.now();
    producer.enabled = false;
    producer.enabled = true;
    while (asked.length === before) await clock.advance(20);
    return clock.now() - since;
  };
  expect(await wait()).toBe(2_500);
  expect(await wait()).toBe(500);
  coming.push("0x02");
  expect(await wait()).toBe(1_500);
  expect(await wait()).toBe(500);
  await clock.advance(55_000);
  expect(await wait()).toBe(500);
  await clock.advance(5_000);
  expect(await wait()).toBe(1_500);
  await clock.advance(60_000);
  coming.pop();
  producer.enabled = false;
  producer.enabled = true;
  await clock.advance(1_000);
  // The first one is given up, and the second awaited in its place: the others have waited for both.
  coming.splice(0, 1, "0x02");
  await clock.advance(500);
  coming.push("0x01");
  expect(await wait()).toBe(500);
});

test("a block that was given up is no longer awaited", async () => {
  let coming: Hex[] = ["0x01"];
  const { clock, producer, asked } = planned({ emptyBlockPeriodMs: 1_000, by: next, coming: () => coming });
  producer.enabled = true;
  await clock.advance(2_000);
  expect(asked).toEqual([]);
  coming = [];
  await clock.advance(20);
  expect(asked).toHaveLength(1);
});

test("a plan for another head is given up without another attempt", async () => {
  const { clock, producer, asked, chain } = planned({ emptyBlockPeriodMs: 1_000 });
  const { produce } = chain;
  for (const failure of [undefined, new Error("the disk is full")]) {
    chain.produce = async (plan) => {
      chain.head = { ...chain.head, id: new Uint8Array(32).fill(asked.length + 1) };
      await produce(plan);
      if (failure) throw failure;
      return undefined;
    };
    producer.enabled = false;
    producer.enabled = true;
    const before = asked.length;
    await clock.advance(5_000);
    expect([asked.length - before, clock.pending]).toEqual([1, 0]);
  }
});

test("after a failure it tries again a second later, unless it was disabled", async () => {
  const { clock, producer, chain } = planned({ emptyBlockPeriodMs: 1_000 });
  let attempts = 0;
  chain.produce = async () => {
    attempts++;
    throw new Error("the disk is full");
  };
  producer.enabled = true;
  await clock.advance(3_999);
  expect(attempts).toBe(3);
  chain.produce = async () => {
    attempts++;
    producer.enabled = false;
    throw new Error("the disk is full");
  };
  await clock.advance(5_000);
  expect([attempts, clock.pending]).toEqual([4, 0]);
});

test("news that change nothing do not begin the wait in line again", async () => {
  const { clock, chain, producer, asked } = planned({
    by: next,
    proposals: { voteFor: () => parameterVote("minFee", 7), wantsBlock: () => true },
  });
  producer.enabled = true;
  await clock.advance(1_200);
  producer.onProposals();
  chain.events.emit("finality", {} as never);
  await clock.advance(299);
  expect(asked).toEqual([]);
  await clock.advance(1);
  expect(asked).toEqual(["1500e"]);
});

test("a producer whose transaction is gone makes an empty block when one is due", async () => {
  const { clock, producer, asked, pool } = planned({ emptyBlockPeriodMs: 3_000 });
  pool.hasExecutable = true;
  producer.enabled = true;
  pool.hasExecutable = false;
  await clock.advance(3_000);
  expect(asked).toEqual(["1000", "3000e"]);
});

test("a transaction that arrives while a block fails brings no second attempt beside the next one", async () => {
  const { clock, chain, producer, pool } = planned({ emptyBlockPeriodMs: 1_000 });
  const making = Promise.withResolvers<never>();
  chain.produce = () => making.promise;
  producer.enabled = true;
  await clock.advance(1_000);
  pool.hasExecutable = true;
  producer.onTransaction();
  expect(clock.pending).toBe(1);
  making.reject(new Error("the disk is full"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.pending).toBe(1);
});

test("a producer that is stopped while its block fails does not try again", async () => {
  const { clock, chain, producer } = planned({ emptyBlockPeriodMs: 1_000 });
  const making = Promise.withResolvers<never>();
  chain.produce = () => making.promise;
  producer.enabled = true;
  await clock.advance(1_000);
  producer.stop();
  making.reject(new Error("the disk is full"));
  await clock.advance(5_000);
  expect(clock.pending).toBe(0);
});
