import { expect, test } from "vitest";
import { VoteLimit } from "../../../src/sync/vote-limit.ts";
import type { SignedFinalityVote } from "../../../src/types/index.ts";

/** Makes a vote of `voter`; each `number` gives a different one. */
function vote(voter: number, round: number, number = 0): SignedFinalityVote {
  const block = new Uint8Array(32).fill(number);
  return {
    message: { source: { round: 0, height: 0, block }, target: { round, height: round, block } },
    voter: new Uint8Array(32).fill(voter),
    signature: new Uint8Array(64),
  };
}

test("accepts two different votes of a voter for a round, each once, also if they were checked at the same time", () => {
  const limit = new VoteLimit();
  const numbers = [1, 1, 2, 2, 3];
  expect(numbers.map((number) => limit.excludes(vote(1, 5, number)))).toEqual(Array(5).fill(false));
  expect(numbers.map((number) => limit.take(vote(1, 5, number)))).toEqual([true, false, true, false, false]);
  expect([1, 2, 3].map((number) => limit.excludes(vote(1, 5, number)))).toEqual([true, true, true]);
  expect([limit.take(vote(1, 6)), limit.take(vote(2, 5))]).toEqual([true, true]);
});

test("remembers the 64 highest rounds of a voter, whatever is repeated of lower ones", () => {
  const limit = new VoteLimit();
  for (let round = 1; round <= 65; round++) limit.take(vote(1, round));
  for (let times = 0; times < 100; times++) expect(limit.take(vote(1, 1))).toBe(true);
  for (let round = 2; round <= 65; round++) expect(limit.take(vote(1, round))).toBe(false);
});

test("remembers 1,024 voters", () => {
  const limit = new VoteLimit();
  const of = (number: number) => {
    const voter = new Uint8Array(32);
    new DataView(voter.buffer).setUint32(0, number);
    return { ...vote(0, 1), voter };
  };
  for (let number = 0; number < 1_024; number++) limit.take(of(number));
  expect(limit.excludes(of(0))).toBe(true);
  limit.take(of(1_024));
  expect(limit.excludes(of(1))).toBe(false);
  expect(limit.excludes(of(0))).toBe(true);
});

test("a vote eight rounds below another vote of its voter counts as past", () => {
  const limit = new VoteLimit();
  expect(limit.isPast(vote(1, 1))).toBe(false);
  limit.take(vote(1, 20));
  expect([11, 12, 13, 20, 30].map((round) => limit.isPast(vote(1, round)))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  limit.take(vote(1, 2));
  expect([limit.isPast(vote(1, 13)), limit.isPast(vote(1, 12)), limit.isPast(vote(2, 1))]).toEqual([
    false,
    true,
    false,
  ]);
});
