import { expect, test } from "vitest";
import { SettledVotes } from "../../../src/sync/settled-votes.ts";
import type { Certificate, SignedFinalityVote } from "../../../src/types/index.ts";
import { ManualClock } from "../support/clock.ts";

const id = (fill: number) => new Uint8Array(32).fill(fill);
const checkpoint = (round: number, block: number) => ({ round, height: round, block: id(block) });
const link = (round: number, block: number) => ({
  source: checkpoint(0, 0),
  target: checkpoint(round, block),
});
const vote = (voter: number, round: number, block: number): SignedFinalityVote => ({
  message: link(round, block),
  voter: id(voter),
  signature: new Uint8Array(64).fill(block),
});

/** Certificates of the rounds up to 200 by the voters 1 and 3; `reads` are the rounds that were read. */
function settled() {
  const reads: number[] = [];
  const clock = new ManualClock();
  const certificate = async (round: number): Promise<Certificate | undefined> => {
    reads.push(round);
    const signatures = [new Uint8Array(64).fill(71), new Uint8Array(64).fill(73)];
    return round === 13 ? undefined : { link: link(round, 1), voters: [id(1), id(3)], signatures };
  };
  return {
    clock,
    reads,
    votes: new SettledVotes({ justified: { round: 200, height: 200, id: id(1) } }, { certificate }, clock),
  };
}

test("a vote is compared with the same voter's in the certificate of its round", async () => {
  const { votes, reads } = settled();
  const evidence = await votes.compare(vote(3, 5, 2));
  const [pair] = evidence!.votes;
  expect([pair!.first, pair!.second].map(({ signature }) => signature[0]).sort()).toEqual([2, 73]);
  expect([pair!.first, pair!.second].map(({ voter }) => voter[0])).toEqual([3, 3]);
  expect(await votes.compare(vote(3, 5, 1))).toBeUndefined();
  expect(await votes.compare(vote(2, 5, 2))).toBeUndefined();
  expect(await votes.compare(vote(1, 200, 2))).toBeDefined();
  expect(await votes.compare(vote(1, 201, 2))).toBeUndefined();
  expect(await votes.compare(vote(1, 13, 2))).toBeUndefined();
  expect(reads).toEqual([5, 5, 5, 200, 13]);
});

test("certificates of older rounds are read at most 100 times in 2 s", async () => {
  const { clock, votes, reads } = settled();
  for (let round = 20; round < 180; round++) await votes.compare(vote(1, round, 2));
  expect(reads).toHaveLength(100);
  expect(await votes.compare(vote(1, 184, 2))).toBeUndefined();
  await clock.advance(2_000);
  expect(await votes.compare(vote(1, 184, 2))).toBeDefined();
});

test("those of the newest 16 rounds are kept, and read however many votes of older rounds arrive", async () => {
  const { votes, reads } = settled();
  for (let round = 20; round < 180; round++) await votes.compare(vote(1, round, 2));
  const before = reads.length;
  for (let times = 0; times < 2; times++)
    for (let round = 185; round <= 200; round++)
      expect(await votes.compare(vote(1, round, 2 + times))).toBeDefined();
  expect(reads.slice(before)).toEqual(Array.from({ length: 16 }, (_, at) => 185 + at));
});
