import { expect, test } from "vitest";
import { AnsweredVotes, answeredVotes } from "../../../src/chain/answered-votes.ts";
import type { ChainEvents } from "../../../src/chain/assemble.ts";
import { type HeaderVote, noVote, type OpenVote, parameterVote } from "../../../src/types/index.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const [a, b] = [1, 2].map((fill) => new Uint8Array(32).fill(fill)) as [Uint8Array, Uint8Array];
const vote = parameterVote("minFee", 7);

/** A chain with one block of `voter` at each height that is added. */
function setUp() {
  const events = new Emitter<ChainEvents>(silentLogger);
  const clock = new ManualClock();
  const answered = new AnsweredVotes({ chain: { events }, clock });
  const add = (voter: Uint8Array, height: number, cast: HeaderVote = vote) => {
    const header = { message: { proposer: voter, vote: cast } };
    events.emit("head", { applied: [{ header, height }] } as never);
  };
  /** Those of these votes that are answered, as heights. */
  const among = (voter: Uint8Array, ...heights: number[]) =>
    answered
      .among(heights.map((height) => ({ voter, vote, height }) as OpenVote))
      .map(({ height }) => height);
  return { answered, clock, add, among };
}

test("so many votes of an authority are answered at once, and then one in each quarter of an hour", async () => {
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

test("after a stop no block is followed", () => {
  const { answered, add, among } = setUp();
  answered.stop();
  for (let height = 1; height <= 2 * answeredVotes.requests; height++) add(a, height);
  expect(among(a, 2 * answeredVotes.requests)).toHaveLength(1);
});
