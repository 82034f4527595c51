import { expect, test } from "vitest";
import { HeldVotes } from "../../../src/sync/held-votes.ts";
import type { SignedFinalityVote } from "../../../src/types/index.ts";
import { ManualClock } from "../support/clock.ts";

function id(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set([number % 256, number >> 8]);
  return bytes;
}

function vote(voter: number, block: number, round = 1): SignedFinalityVote {
  const source = { round: 0, height: 0, block: id(0) };
  const message = { source, target: { round, height: 1, block: id(block) } };
  return { message, voter: id(voter), signature: new Uint8Array(64) };
}

/** `verdicts` are those of the held votes, in the order in which they came. */
function holder() {
  const clock = new ManualClock();
  const held = new HeldVotes(clock);
  const verdicts: string[] = [];
  const hold = (...votes: SignedFinalityVote[]) => {
    for (const one of votes)
      void held.hold(one).then((verdict) => verdicts.push(`${one.voter[0]} ${verdict}`));
  };
  return { clock, held, hold, verdicts };
}

test("holds votes until their block arrives, and gives them the verdict of the release", async () => {
  const { clock, held, hold, verdicts } = holder();
  hold(vote(1, 7), vote(2, 7), vote(3, 8));
  expect(held.release(id(9))).toEqual([]);
  const ready = held.release(id(7));
  expect(ready.map((one) => one.vote.voter[0])).toEqual([1, 2]);
  expect(held.release(id(7))).toEqual([]);
  for (const { decide } of ready) decide("accept");
  ready[0]!.decide("reject");
  await clock.advance(0);
  expect(verdicts).toEqual(["1 accept", "2 accept"]);
  expect(clock.pending).toBe(1);
  expect(held.release(id(8)).map((one) => one.vote.voter[0])).toEqual([3]);
});

test("does not forward a vote after 3 s, but keeps holding it", async () => {
  const { clock, held, hold, verdicts } = holder();
  hold(vote(1, 7));
  await clock.advance(2_999);
  expect(verdicts).toEqual([]);
  await clock.advance(1);
  expect(verdicts).toEqual(["1 pardon"]);
  expect(held.release(id(7))).toHaveLength(1);
});

test("drops the oldest of a voter's nine votes, whatever others hold", async () => {
  const { clock, held, hold, verdicts } = holder();
  hold(vote(2, 1));
  for (let block = 1; block <= 9; block++) hold(vote(1, block));
  await clock.advance(0);
  expect(verdicts).toEqual(["1 pardon"]);
  expect(held.release(id(1)).map((one) => one.vote.voter[0])).toEqual([2]);
  // A place that was given back can be used again.
  held.release(id(2));
  hold(vote(1, 10));
  await clock.advance(0);
  expect(verdicts).toHaveLength(1);
});

test("a voter holds eight votes, however many it casts", async () => {
  const { clock, held, hold, verdicts } = holder();
  for (let block = 1; block <= 20; block++) hold(vote(1, block));
  await clock.advance(0);
  expect(verdicts).toHaveLength(12);
  expect([12, 13, 20].map((block) => held.release(id(block)).length)).toEqual([0, 1, 1]);
});

test("4,096 votes are held in all, the newest", async () => {
  const { clock, held, hold, verdicts } = holder();
  for (let voter = 0; voter < 4_097; voter++) hold(vote(voter, voter));
  await clock.advance(0);
  expect(verdicts).toEqual(["0 pardon"]);
  expect(held.release(id(0))).toEqual([]);
  expect(held.release(id(1))).toHaveLength(1);
});

test("drops votes that became useless, and keeps the others", async () => {
  const { clock, held, hold, verdicts } = holder();
  hold(vote(1, 7, 1), vote(2, 7, 5));
  held.giveUpWhere(({ message }) => message.target.round < 5);
  await clock.advance(0);
  expect(verdicts).toEqual(["1 pardon"]);
  expect(held.release(id(7)).map((one) => one.vote.voter[0])).toEqual([2]);
});
