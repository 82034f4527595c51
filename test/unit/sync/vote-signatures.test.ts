import { expect, test } from "vitest";
import type { SignatureSet, Verify } from "../../../src/crypto/ed25519.ts";
import { VoteSignatures } from "../../../src/sync/vote-signatures.ts";
import type { SignedFinalityVote } from "../../../src/types/index.ts";
import { ManualClock } from "../support/clock.ts";

const id = (fill: number) => new Uint8Array(32).fill(fill);
const vote = (voter: number): SignedFinalityVote => ({
  message: {
    source: { round: 0, height: 0, block: id(0) },
    target: { round: 1, height: 1, block: id(1) },
  },
  voter: id(voter),
  signature: new Uint8Array(64),
});

/** Signatures of even voters are valid; `calls` are the voters of each call and where it runs. */
function signatures(setSize: number) {
  const clock = new ManualClock();
  const calls: unknown[] = [];
  const verify: Verify = async (sets, order) => {
    const voters = (sets as SignatureSet[]).map(({ publicKey }) => publicKey[0]!);
    calls.push([voters, order]);
    return voters.map((voter) => voter % 2 === 0);
  };
  const size = { now: setSize };
  return {
    clock,
    calls,
    size,
    votes: new VoteSignatures({ clock, genesisId: id(9), verify, setSize: () => size.now }),
  };
}

test("checks the votes of a set of 16 at once, each by itself", async () => {
  const { clock, calls, votes } = signatures(16);
  expect(await Promise.all([votes.isSigned(vote(1)), votes.isSigned(vote(2))])).toEqual([false, true]);
  expect(calls).toEqual([
    [[1], undefined],
    [[2], undefined],
  ]);
  expect(clock.pending).toBe(0);
});

test("collects the votes of a larger set for 10 ms and checks them together on the threads", async () => {
  const { clock, calls, votes } = signatures(17);
  const verdicts = [1, 2, 3, 4].map((voter) => votes.isSigned(vote(voter)));
  await clock.advance(9);
  expect(calls).toEqual([]);
  await clock.advance(1);
  expect(await Promise.all(verdicts)).toEqual([false, true, false, true]);
  expect(calls).toEqual([[[1, 2, 3, 4], "threads"]]);
  const later = votes.isSigned(vote(6));
  await clock.advance(10);
  expect(await later).toBe(true);
  expect(calls.slice(1)).toEqual([[[6], "threads"]]);
});

test("uses the current size of the set", async () => {
  const { clock, calls, size, votes } = signatures(17);
  size.now = 4;
  expect(await votes.isSigned(vote(2))).toBe(true);
  expect([calls.length, clock.pending]).toEqual([1, 0]);
});
