import { expect, test } from "vitest";
import { minority, quorum, RoundRanking, RoundWatch } from "../../../src/consensus/index.ts";
import type { SignedFinalityVote } from "../../../src/types/index.ts";
import { createRandom } from "../../e2e/harness/random.ts";

const block = new Uint8Array(32);
const address = (number: number) => new Uint8Array(32).fill(number + 1);

function vote(voter: number, sourceRound: number, targetRound: number): SignedFinalityVote {
  const source = { round: sourceRound, height: 0, block };
  const target = { round: targetRound, height: 0, block };
  return { message: { source, target }, voter: address(voter), signature: new Uint8Array(64) };
}

/** Computes the ranking's answers from scratch. */
function counted(rounds: readonly number[]) {
  const descending = rounds.toSorted((a, b) => b - a);
  return {
    highest: descending[0] ?? 0,
    ofMinority: descending[minority(rounds.length) - 1] ?? 0,
    ofQuorum: descending[quorum(rounds.length) - 1] ?? 0,
    counts: [0, 1, 2, 3, 4, 5, 6].map((round) => rounds.filter((other) => other === round).length),
    above: [0, 1, 2, 3, 4, 5, 6].map((round) => rounds.filter((other) => other > round).length),
  };
}

function answers(ranking: RoundRanking) {
  const { highest, ofMinority, ofQuorum } = ranking;
  const numbers = [0, 1, 2, 3, 4, 5, 6];
  const counts = numbers.map((round) => ranking.count(round));
  return { highest, ofMinority, ofQuorum, counts, above: numbers.map((round) => ranking.countAbove(round)) };
}

test("a ranking that is kept in order answers as one that is counted anew", () => {
  const random = createRandom(7);
  for (let size = 0; size <= 9; size++) {
    const rounds = Array.from({ length: size }, () => Math.floor(random() * 6));
    const ranking = new RoundRanking(rounds);
    for (let step = 0; step < 60 && size > 0; step++) {
      const at = Math.floor(random() * size);
      const to = Math.floor(random() * 7);
      ranking.move(rounds[at]!, to);
      rounds[at] = to;
      expect(answers(ranking)).toEqual(counted(rounds));
    }
    expect(answers(ranking)).toEqual(counted(rounds));
  }
});

test("the watch knows the newest vote of each voter, until it is for a target below the round it is pruned to", () => {
  const watch = new RoundWatch();
  const set = [0, 1, 2].map(address);
  const newest = [vote(0, 2, 5), vote(1, 1, 4)];
  expect([watch.roundOf(address(0)), watch.voteOf(address(0)), watch.votes()]).toEqual([0, undefined, []]);
  for (const each of [vote(0, 1, 3), ...newest, vote(0, 3, 5), vote(1, 0, 2)]) watch.add(each);
  expect(set.map((voter) => watch.roundOf(voter))).toEqual([5, 4, 0]);
  expect(watch.voteOf(address(0))).toBe(newest[0]);
  expect(watch.votes()).toEqual(newest);
  watch.prune(4);
  expect(watch.votes()).toEqual(newest);
  watch.prune(5);
  expect(watch.votes()).toEqual([newest[0]]);
  expect(watch.targets(set).count(0)).toBe(2);
});

test("a set is ranked once, and again only after votes were forgotten", () => {
  const watch = new RoundWatch();
  const set = [0, 1].map(address);
  watch.add(vote(0, 2, 5));
  const ranked = watch.targets(set);
  watch.prune(5);
  expect(watch.targets(set)).toBe(ranked);
  watch.prune(6);
  expect(watch.targets(set)).not.toBe(ranked);
  expect(watch.targets(set).ofQuorum).toBe(0);
});

test("the watch ranks the newest votes of every set that it is asked about, also after some are forgotten", () => {
  const random = createRandom(8);
  const watch = new RoundWatch();
  const sets = [[0, 1, 2, 3], [2, 3, 4, 5, 6], [0], []].map((set) => set.map(address));
  const newest = new Map<number, SignedFinalityVote>();
  for (let step = 0; step < 300; step++) {
    const voter = Math.floor(random() * 8);
    const target = 1 + Math.floor((random() * step) / 20);
    const cast = vote(voter, Math.floor(random() * target), target);
    watch.add(cast);
    if (target > (newest.get(voter)?.message.target.round ?? 0)) newest.set(voter, cast);
    if (step % 50 === 49) {
      const oldest = step / 40;
      watch.prune(oldest);
      for (const [each, { message }] of newest) if (message.target.round < oldest) newest.delete(each);
    }
    for (const set of sets) {
      const votes = set.map((member) => newest.get(member[0]! - 1)?.message);
      expect(answers(watch.targets(set))).toEqual(counted(votes.map((link) => link?.target.round ?? 0)));
      expect(answers(watch.sources(set))).toEqual(counted(votes.map((link) => link?.source.round ?? 0)));
    }
  }
});
