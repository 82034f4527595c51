import { describe, expect, test } from "vitest";
import { AnsweredVotes, answeredVotes } from "../../../src/chain/answered-votes.ts";
import type { ChainEvents } from "../../../src/chain/assemble.ts";
import { type HeaderVote, noVote, parameterVote } from "../../../src/types/index.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { genesisParent } from "../consensus/test-chain.ts";
import { ManualClock } from "../support/clock.ts";

const [a, b] = [1, 2].map((fill) => new Uint8Array(32).fill(fill)) as [Uint8Array, Uint8Array];
const vote = parameterVote("minFee", 7);

/** A chain of seven authorities with one block of `voter` at each height that is added. */
function setUp() {
  const events = new Emitter<ChainEvents>(silentLogger);
  const clock = new ManualClock();
  const { snapshot } = genesisParent("ABCDEFG");
  const chain = { events, snapshot };
  const answered = new AnsweredVotes({ chain, clock });
  const add = (voter: Uint8Array, height: number, cast: HeaderVote = vote) => {
    const header = { message: { proposer: voter, vote: cast } };
    events.emit("head", { applied: [{ header, height }] } as never);
  };
  const open = (...votes: { voter: Uint8Array; height: number }[]) => {
    chain.snapshot = { ...snapshot, openVotes: votes.map((one) => ({ ...one, vote })) };
  };
  /** The time until a block is due on a head at this height. */
  const dueIn = (height: number) => answered.dueMs({ height, timestamp: 5_000 }) - 5_000;
  /** The heights of those of these votes that are answered. */
  const among = (voter: Uint8Array, ...heights: number[]) =>
    heights.filter((height) => {
      open({ voter, height });
      return dueIn(height) < Number.POSITIVE_INFINITY;
    });
  return { answered, clock, add, open, dueIn, among };
}

test("answers a number of an authority's votes at once, and then one in each quarter of an hour", async () => {
  const { clock, add, among } = setUp();
  const { requests } = answeredVotes;
  for (let height = 1; height <= requests + 1; height++) add(a, height);
  expect(among(a, 1, requests, requests + 1)).toEqual([1, requests]);
  add(b, requests + 1);
  expect(among(b, requests + 1)).toEqual([requests + 1]);
  await clock.advance(900_000);
  for (const height of [100, 101]) add(a, height);
  expect(among(a, requests + 1, 100, 101)).toEqual([100]);
});

test("blocks without a vote use up nothing", () => {
  const { add, among } = setUp();
  for (let height = 1; height <= 2 * answeredVotes.requests; height++) add(a, height, noVote);
  add(a, 1_000);
  expect(among(a, 1_000)).toEqual([1_000]);
});

describe("a series of blocks for an open vote, three in a set of seven", () => {
  const minuteMs = 60_000;

  test("completes a number of series at once for each authority that begins one, and then one in a quarter of an hour", () => {
    const { clock, add, open, dueIn } = setUp();
    open({ voter: a, height: 1 });
    const begin = (by: Uint8Array, series: number) => {
      const first = 2 + 3 * (series - 1);
      add(by, first, noVote);
      return dueIn(first);
    };
    for (let series = 2; series < 2 + answeredVotes.requests; series++) expect(begin(a, series)).toBe(1_000);
    expect(begin(a, 66)).toBe(24 * 60 * minuteMs);
    expect([dueIn(198), begin(b, 67)]).toEqual([24 * 60 * minuteMs, 1_000]);
    return clock.advance(15 * minuteMs).then(() => {
      expect([begin(a, 68), begin(a, 69)]).toEqual([1_000, 24 * 60 * minuteMs]);
    });
  });

  test("costs nothing if it is the first one, and for blocks within one, or without an open vote", () => {
    const { add, open, dueIn } = setUp();
    for (let height = 2; height < 500; height += 3) add(a, height, noVote);
    open({ voter: b, height: 1 });
    for (let times = 0; times < 100; times++) for (const height of [2, 3, 4, 6, 7]) add(a, height, noVote);
    add(a, 5, noVote);
    expect([2, 3, 5, 6].map(dueIn)).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  test("completes series for the newest vote that is answered", () => {
    const { add, open, dueIn } = setUp();
    for (let height = 1; height <= answeredVotes.requests + 10; height++) add(a, height);
    open({ voter: b, height: 9 }, { voter: a, height: 70 });
    expect([70, 72].map(dueIn)).toEqual([1_000, 24 * 60 * minuteMs]);
    // Its series begin at each third block from 10 on. Those of the other vote would begin at 71.
    for (let first = 73; first < 73 + 3 * answeredVotes.requests; first += 3) add(b, first, noVote);
    expect(dueIn(262)).toBe(1_000);
    add(b, 265, noVote);
    expect(dueIn(265)).toBe(24 * 60 * minuteMs);
  });

  test("costs nothing of what the votes of the authority that begins it may use", () => {
    const { add, open, dueIn } = setUp();
    for (let height = 1; height <= answeredVotes.requests + 10; height++) add(a, height);
    open({ voter: b, height: 1 });
    add(a, 5, noVote);
    expect(dueIn(5)).toBe(1_000);
  });
});

test("after a stop no block is followed", () => {
  const { answered, add, among } = setUp();
  answered.stop();
  for (let height = 1; height <= 2 * answeredVotes.requests; height++) add(a, height);
  expect(among(a, 2 * answeredVotes.requests)).toHaveLength(1);
});
