import { describe, expect, test } from "vitest";
import { certificateOf, VoteTally, votesOf } from "../../../src/consensus/index.ts";
import type { FinalityVote, SignedFinalityVote } from "../../../src/types/index.ts";

const link = (source: number, target: number, block = 1): FinalityVote => ({
  source: { round: source, height: source, block: new Uint8Array(32) },
  target: { round: target, height: target, block: new Uint8Array(32).fill(block) },
});
const vote = (voter: number, message: FinalityVote): SignedFinalityVote => ({
  message,
  voter: new Uint8Array(32).fill(voter),
  signature: new Uint8Array(64).fill(voter),
});

describe("the tally", () => {
  test("counts each voter once for a link, and the links apart", () => {
    const tally = new VoteTally();
    const first = vote(1, link(0, 1));
    const votes = [
      first,
      vote(1, link(0, 1)),
      vote(2, link(0, 1)),
      vote(2, link(0, 1, 9)),
      vote(3, link(0, 2)),
    ];
    expect(tally.has(first)).toBe(false);
    for (const each of votes) tally.add(each);
    expect(tally.has(vote(1, link(0, 1)))).toBe(true);
    expect(tally.has(vote(3, link(0, 1)))).toBe(false);
    expect([link(0, 1), link(0, 1, 9), link(0, 2), link(1, 2)].map((each) => tally.count(each))).toEqual([
      2, 1, 1, 0,
    ]);
    expect(tally.votesFor(link(0, 1))).toEqual([first, votes[2]]);
    // The first vote for a link stays: a second signature adds nothing.
    expect(tally.votesFor(link(0, 1))[0]).toBe(first);
    expect(tally.votesFor(link(1, 2))).toEqual([]);
  });

  test("keeps the 32 newest votes of a voter, in whatever order they come", () => {
    const tally = new VoteTally();
    const rounds = [
      20,
      ...Array.from({ length: 19 }, (_, at) => at + 1),
      33,
      ...Array.from({ length: 12 }, (_, at) => at + 21),
    ];
    for (const round of rounds) tally.add(vote(1, link(0, round)));
    tally.add(vote(2, link(0, 1)));
    const counts = Array.from({ length: 33 }, (_, at) => tally.count(link(0, at + 1)));
    expect(counts).toEqual(counts.map(() => 1));
    expect(tally.votesFor(link(0, 1)).map(({ voter }) => voter[0])).toEqual([2]);
    expect(tally.has(vote(1, link(0, 2)))).toBe(true);
  });

  test("keeps no place for what it has forgotten: a voter may be counted again", () => {
    const tally = new VoteTally();
    for (let round = 1; round <= 40; round++) tally.add(vote(1, link(0, round)));
    tally.prune(41);
    for (let round = 1; round <= 32; round++) tally.add(vote(1, link(0, round)));
    expect(tally.count(link(0, 1))).toBe(1);
  });

  test("leaves the votes of others, and the voter's own newer ones, when its oldest goes", () => {
    const tally = new VoteTally();
    tally.add(vote(2, link(0, 1)));
    for (let round = 1; round <= 34; round++) tally.add(vote(1, link(0, round)));
    expect(tally.votesFor(link(0, 1)).map(({ voter }) => voter[0])).toEqual([2]);
    expect(Array.from({ length: 34 }, (_, at) => tally.count(link(0, at + 1)))).toEqual([
      1,
      0,
      ...Array.from({ length: 32 }, () => 1),
    ]);
    tally.prune(100);
    expect(
      Array.from({ length: 34 }, (_, at) => tally.count(link(0, at + 1))).every((count) => count === 0),
    ).toBe(true);
  });

  test("forgets the votes for targets below a round", () => {
    const tally = new VoteTally();
    for (const [voter, target] of [
      [1, 3],
      [1, 4],
      [1, 5],
      [2, 3],
      [3, 5],
    ] as const)
      tally.add(vote(voter, link(0, target)));
    tally.prune(4);
    expect([3, 4, 5].map((target) => tally.count(link(0, target)))).toEqual([0, 1, 2]);
    expect(tally.votesFor(link(0, 3))).toEqual([]);
    expect(tally.has(vote(2, link(0, 3)))).toBe(false);
    tally.add(vote(2, link(0, 3)));
    expect(tally.count(link(0, 3))).toBe(1);
  });
});

test("a certificate lists its voters in ascending order, each with its own signature", () => {
  const message = link(0, 1);
  const votes = [3, 1, 2].map((voter) => vote(voter, message));
  const certificate = certificateOf(message, votes);
  expect(certificate.link).toBe(message);
  expect(certificate.voters.map(([byte]) => byte)).toEqual([1, 2, 3]);
  expect(certificate.signatures.map(([byte]) => byte)).toEqual([1, 2, 3]);
  expect(votes.map(({ voter }) => voter[0])).toEqual([3, 1, 2]);
  expect(votesOf(certificate)).toEqual([votes[1], votes[2], votes[0]]);
});
