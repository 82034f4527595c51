import { expect, test } from "vitest";
import type { ChainEvents } from "../../../src/chain/assemble.ts";
import { SignsOfLife, seriesBegunSooner } from "../../../src/chain/signs-of-life.ts";
import type { CanonicalBlock, WeightedHeader } from "../../../src/chain/types.ts";
import { transactionsRoot } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { testChain, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";

const transactionRoot = new Uint8Array(32).fill(7);

/**
 * Two authorities: a series ends at a height that is a multiple of 4. Blocks come at once; their period is a second.
 */
async function standing(emptyBlockPeriodMs = 0, authorities = 2) {
  const { chain } = await testChain({ genesis: await testGenesis(authorities, { emptyBlockPeriodMs }) });
  const clock = new ManualClock();
  const events = new Emitter<ChainEvents>(silentLogger);
  const view = { head: chain.head, finalized: chain.finalized, snapshot: chain.snapshot, events };
  const signs = new SignsOfLife({ chain: view, clock });
  const nowMs = () => clock.now();
  const next = (
    parent: WeightedHeader,
    fields: { timestamp?: number; empty?: boolean; salt?: number },
  ): CanonicalBlock => {
    const { timestamp = nowMs(), empty = true, salt = 0 } = fields;
    const height = parent.height + 1;
    const id = new Uint8Array(32).fill(height + salt);
    const root = empty ? transactionsRoot([]) : transactionRoot;
    const message = {
      ...parent.header.message,
      height,
      timestamp,
      parent: parent.id,
      transactionsRoot: root,
    };
    const header = { ...parent.header, message };
    return { ...parent, height, id, idHex: toHex(id), header, records: [] };
  };
  const move = (applied: CanonicalBlock[]) => {
    view.head = applied.at(-1)!;
    events.emit("head", { head: view.head, retracted: [], applied });
  };
  const add = (fields: Parameters<typeof next>[1] = {}) => move([next(view.head, fields)]);
  const finalize = ({ height, id }: WeightedHeader) => {
    view.finalized = { ...view.finalized, height, id };
    events.emit("finality", { ...chain.finality, finalized: { round: height, height, block: id } });
  };
  /** The time from now on; undefined for never. */
  const dueInMs = () => (signs.dueMs === Number.POSITIVE_INFINITY ? undefined : signs.dueMs - nowMs());
  return { clock, view, signs, next, move, add, finalize, dueInMs };
}

test("a head that is not final is a reason for a block after 30 s, and a final one is not", async () => {
  const { clock, view, add, finalize, dueInMs } = await standing();
  expect(dueInMs()).toBeUndefined();
  await clock.advance(100_000);
  add({ empty: false });
  expect(dueInMs()).toBe(30_000);
  await clock.advance(40_000);
  finalize(view.head);
  expect(dueInMs()).toBeUndefined();
  await clock.advance(100_000);
  add();
  expect(dueInMs()).toBe(30_000);
});

test("progress of finality postpones a block, and blocks without transactions cause no others in the meantime", async () => {
  const { clock, view, add, finalize, dueInMs } = await standing();
  add({ empty: false });
  await clock.advance(20_000);
  const first = view.head;
  add();
  await clock.advance(5_000);
  expect(dueInMs()).toBe(25_000);
  finalize(first);
  expect(dueInMs()).toBe(30_000);
  await clock.advance(1_000);
  finalize(first);
  expect(dueInMs()).toBe(29_000);
});

test("a block without transactions is followed by others up to a multiple of twice the authorities, then by a longer wait", async () => {
  const { clock, add, dueInMs } = await standing();
  add({ empty: false });
  const waitsMs: unknown[] = [];
  for (let height = 2; height <= 32; height++) {
    await clock.advance(dueInMs()!);
    add();
    waitsMs.push(dueInMs());
  }
  const series = [1_000, 1_000, 1_000];
  const after = [60_000, 120_000, 240_000, 480_000, 960_000, 960_000, 960_000, 960_000];
  expect(waitsMs).toEqual(after.flatMap((waitMs) => [...series, waitMs]).slice(1));
  add({ empty: false });
  expect(dueInMs()).toBe(960_000);
});

test.each([
  [4, 10],
  [5, 20],
])(
  "a series of five authorities that begins at height %i ends at height %i, for each needs at least seven blocks to sign one",
  async (first, end) => {
    const { clock, add, view, dueInMs } = await standing(0, 5);
    for (let height = 1; height < first; height++) add({ empty: false });
    do {
      await clock.advance(dueInMs()!);
      add();
    } while (dueInMs() === 1_000);
    expect(view.head.height).toBe(end);
  },
);

test("blocks without transactions that were due are not answered; earlier ones are", async () => {
  const { clock, view, add, dueInMs } = await standing(60_000);
  add({ empty: false });
  await clock.advance(60_000);
  const { timestamp } = view.head.header.message;
  add({ timestamp: timestamp + 60_000 });
  expect(dueInMs()).toBe(30_000);
  add({ timestamp: timestamp + 119_999 });
  expect(dueInMs()).toBe(60_999);
});

test.each([0, 60_000])(
  "a series goes on after a reorganization, also where empty blocks are due after %i ms",
  async (emptyBlockPeriodMs) => {
    const { clock, view, next, move, add, dueInMs } = await standing(emptyBlockPeriodMs);
    add({ empty: false });
    const fork = view.head;
    await clock.advance(30_000);
    const one = next(fork, { salt: 100 });
    move([one, next(one, { salt: 100 })]);
    expect(dueInMs()).toBe(1_000);
    move([next(fork, { salt: 50 })]);
    expect(dueInMs()).toBe(1_000);
  },
);

test("a block for a vote begins no series before finality has stood still for 30 s, and shortens none", async () => {
  const { clock, view, add, dueInMs } = await standing(0, 5);
  add({ empty: false });
  await clock.advance(29_999);
  add();
  expect(dueInMs()).toBe(30_000);
  await clock.advance(1);
  add();
  expect(dueInMs()).toBe(1_000);
  do {
    await clock.advance(dueInMs()!);
    add();
  } while (dueInMs() === 1_000);
  expect(view.head.height).toBe(10);
  expect(dueInMs()).toBe(60_000);
});

test("an authority that signs two blocks in its turn, or one with a transaction, does not end a series", async () => {
  const { clock, view, next, move, add, dueInMs } = await standing(0, 4);
  add({ empty: false });
  await clock.advance(30_000);
  add();
  const fork = view.head;
  add();
  move([next(fork, { salt: 100 })]);
  const first = view.head;
  expect([first.height, dueInMs()]).toEqual([3, 1_000]);
  while (view.head.height < 7) {
    await clock.advance(1_000);
    add({ empty: view.head.height % 4 !== 1 });
    expect(dueInMs()).toBe(1_000);
  }
  add();
  expect([view.head.height, dueInMs()]).toEqual([8, 60_000]);
});

test("an authority that goes on after each series has the others make a bounded number", async () => {
  const { clock, add, view, dueInMs } = await standing(0, 4);
  add({ empty: false });
  await clock.advance(30_000);
  let blocks = 0;
  for (; dueInMs()! <= 1_000 && blocks < 1_000; blocks++) {
    await clock.advance(1_000);
    add();
    // The authority's block, when the others rest.
    if (dueInMs()! > 1_000) add();
  }
  expect(blocks).toBeGreaterThan(8 * seriesBegunSooner.requests - 8);
  expect(blocks).toBeLessThan(16 * (seriesBegunSooner.requests + 2));
  expect([view.head.height % 8, dueInMs()]).toEqual([1, 960_000]);
});

test("counts the age of each of several blocks that arrive together from the one before it", async () => {
  const { clock, view, next, move, add, finalize, dueInMs } = await standing();
  const begin = async () => {
    finalize(view.head);
    add({ empty: false });
    await clock.advance(30_000);
    const parent = next(view.head, { empty: false });
    move([parent, next(parent, {})]);
    return dueInMs();
  };
  for (let sooner = 0; sooner < seriesBegunSooner.requests; sooner++) expect(await begin()).toBe(1_000);
  expect(await begin()).toBe(30_000);
});

test("series that begin just when they are due leave an authority its rate for sooner ones", async () => {
  const { clock, add, dueInMs } = await standing();
  add({ empty: false });
  const series = async (waitMs: number) => {
    await clock.advance(waitMs);
    add();
    expect(dueInMs()).toBe(1_000);
    while (dueInMs() === 1_000) {
      await clock.advance(1_000);
      add();
    }
  };
  for (let due = 0; due < seriesBegunSooner.requests; due++) await series(dueInMs()!);
  for (let sooner = 0; sooner < seriesBegunSooner.requests; sooner++) await series(1_000);
});

test("old blocks, which arrive by download, begin no series and use up no rate", async () => {
  const { clock, add, dueInMs } = await standing(0, 4);
  add({ empty: false });
  await clock.advance(100_000);
  for (let series = 0; series < 20; series++)
    for (let block = 0; block < 8; block++) add({ timestamp: clock.now() - 40_000 });
  expect(dueInMs()).toBe(-10_000);
  add();
  expect(dueInMs()).toBe(1_000);
});

test("a block that is 30 s old begins a series, and the age of the head at the start is known", async () => {
  const { clock, view, add, dueInMs } = await standing(60_000);
  add({ empty: false });
  const signs = new SignsOfLife({ chain: view, clock });
  await clock.advance(61_000);
  add({ timestamp: clock.now() - 30_000 });
  expect(dueInMs()).toBe(-29_000);
  expect(signs.dueMs).toBe(clock.now() - 29_000);
});

test("a head that was there at the start belongs to no series: the first one begins 30 s later", async () => {
  const before = await standing();
  before.add({ empty: false });
  const { clock, view } = before;
  const signs = new SignsOfLife({ chain: view, clock });
  await clock.advance(30_000);
  for (let height = 2; height <= 4; height++) before.add();
  expect(signs.dueMs - clock.now()).toBe(60_000);
});

test("a node that starts on an old head waits for 30 s: finality may make progress", async () => {
  const { clock, view, add } = await standing();
  add({ empty: false });
  await clock.advance(600_000);
  expect(new SignsOfLife({ chain: view, clock }).dueMs - clock.now()).toBe(30_000);
});

test("follows nothing after a stop", async () => {
  const { clock, view, signs, add, finalize, dueInMs } = await standing();
  add({ empty: false });
  const first = view.head;
  signs.stop();
  await clock.advance(10_000);
  add({ empty: false });
  finalize(first);
  expect(dueInMs()).toBe(20_000);
});
