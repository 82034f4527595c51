import { describe, expect, test } from "vitest";
import {
  applyLink,
  genesisFinality,
  isLink,
  leaderOf,
  linkKey,
  minority,
  quorum,
  restingMs,
  roundHeights,
  roundTimeoutMs,
  settledRound,
  targetHeights,
  targetSpacing,
} from "../../../src/consensus/index.ts";
import type { Checkpoint } from "../../../src/types/index.ts";

const block = (name: number) => new Uint8Array(32).fill(name);
const checkpoint = (round: number, height: number, name = height): Checkpoint => ({
  round,
  height,
  block: block(name),
});

test("a quorum is more than two thirds and a minority more than one third", () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7, 9, 10];
  expect(sizes.map(quorum)).toEqual([1, 2, 3, 3, 4, 5, 5, 7, 7]);
  expect(sizes.map(minority)).toEqual([1, 1, 2, 2, 2, 3, 3, 4, 4]);
});

test("the authorities lead the rounds in turns", () => {
  const set = [block(1), block(2), block(3)];
  expect([6, 7, 8, 9].map((round) => leaderOf(set, round))).toEqual([set[0], set[1], set[2], set[0]]);
  expect(leaderOf([], 5)).toBeUndefined();
});

test("time-outs are counted from the last round that finality has kept up with", () => {
  const settled = (finalized: number, justified: number) =>
    settledRound({ finalized: checkpoint(finalized, 1), justified: checkpoint(justified, 2) });
  expect([settled(0, 0), settled(4, 5), settled(4, 9)]).toEqual([0, 5, 5]);
});

describe("a link", () => {
  test("rises in rounds, and in heights unless it stays at its block", () => {
    expect(isLink({ source: checkpoint(1, 5), target: checkpoint(2, 6) })).toBe(true);
    expect(isLink({ source: checkpoint(1, 5), target: checkpoint(2, 5) })).toBe(true);
    expect(isLink({ source: checkpoint(2, 5), target: checkpoint(2, 6) })).toBe(false);
    expect(isLink({ source: checkpoint(3, 5), target: checkpoint(2, 6) })).toBe(false);
    expect(isLink({ source: checkpoint(1, 5, 1), target: checkpoint(2, 5, 2) })).toBe(false);
    expect(isLink({ source: checkpoint(1, 6), target: checkpoint(2, 5) })).toBe(false);
    expect(isLink({ source: checkpoint(1, 5, 1), target: checkpoint(2, 6, 1) })).toBe(false);
  });

  test("accepts in a link only whole numbers that a double can hold", () => {
    expect(isLink({ source: checkpoint(1, 5), target: checkpoint(2 ** 53, 6) })).toBe(false);
    expect(isLink({ source: checkpoint(1, 5), target: checkpoint(2, 2 ** 53) })).toBe(false);
    expect(isLink({ source: checkpoint(0.5, 5), target: checkpoint(2, 6) })).toBe(false);
    expect(isLink({ source: checkpoint(1, 5.5), target: checkpoint(2, 6) })).toBe(false);
  });

  test("names each round and block of a link apart", () => {
    const links = [
      { source: checkpoint(1, 5), target: checkpoint(2, 6) },
      { source: checkpoint(0, 5), target: checkpoint(2, 6) },
      { source: checkpoint(1, 4), target: checkpoint(2, 6) },
      { source: checkpoint(1, 5), target: checkpoint(3, 6) },
      { source: checkpoint(1, 5), target: checkpoint(2, 7) },
    ];
    expect(new Set(links.map(linkKey)).size).toBe(links.length);
  });
});

describe("a link with a quorum", () => {
  const genesis = genesisFinality(block(0));

  test("genesis is justified and final in round 0", () => {
    expect(genesis).toEqual({ justified: checkpoint(0, 0), finalized: checkpoint(0, 0) });
  });

  test("justifies its target, and makes its source final only one round below", () => {
    const first = applyLink(genesis, { source: checkpoint(0, 0), target: checkpoint(2, 4) });
    expect(first).toEqual({ justified: checkpoint(2, 4), finalized: checkpoint(0, 0) });
    const next = applyLink(first, { source: checkpoint(2, 4), target: checkpoint(3, 5) });
    expect(next).toEqual({ justified: checkpoint(3, 5), finalized: checkpoint(2, 4) });
    expect(applyLink(first, { source: checkpoint(2, 4), target: checkpoint(4, 5) }).finalized).toEqual(
      checkpoint(0, 0),
    );
  });

  test("a link of lower rounds changes nothing, and a late one still makes its source final", () => {
    const status = { justified: checkpoint(5, 5), finalized: checkpoint(1, 1) };
    expect(applyLink(status, { source: checkpoint(0, 0), target: checkpoint(1, 1) })).toEqual(status);
    expect(applyLink(status, { source: checkpoint(1, 1, 9), target: checkpoint(2, 2) })).toEqual(status);
    expect(applyLink(status, { source: checkpoint(0, 0), target: checkpoint(5, 7) }).justified).toBe(
      status.justified,
    );
    expect(applyLink(status, { source: checkpoint(3, 3), target: checkpoint(4, 4) })).toEqual({
      justified: checkpoint(5, 5),
      finalized: checkpoint(3, 3),
    });
  });
});

describe("the target", () => {
  const height = (
    justified: Checkpoint,
    finalized: Checkpoint,
    head: { height: number; standsForMs: number },
    { periodMs = 100, round = justified.round + 1 } = {},
  ) => targetHeights({ justified, finalized }, head, periodMs, round);
  const final = checkpoint(4, 6);

  test("targets are 250 ms apart, or at every height where blocks are slower", () => {
    expect([100, 125, 249, 250, 1000].map(targetSpacing)).toEqual([3, 2, 2, 1, 1]);
    expect([100, 249, 250, 1000].map(restingMs)).toEqual([250, 250, 0, 0]);
  });

  test("names the highest multiple of the spacing above the justified block as the first round's target", () => {
    expect(height(final, final, { height: 11, standsForMs: 0 })).toEqual([9]);
    expect(height(final, final, { height: 9, standsForMs: 0 })).toEqual([9]);
    expect(height(final, checkpoint(3, 3), { height: 9, standsForMs: 0 })).toEqual([9]);
  });

  test("names the justified block as the first round's target while finality lags, unless it is final", () => {
    expect(height(final, checkpoint(2, 3), { height: 9, standsForMs: 0 })).toEqual([6]);
    expect(height(final, checkpoint(2, 6), { height: 9, standsForMs: 0 })).toEqual([9]);
  });

  test("names the round heights as the targets of later rounds", () => {
    expect(height(final, final, { height: 11, standsForMs: 0 }, { round: 6 })).toEqual([8, 10, 11]);
    expect(height(final, final, { height: 6, standsForMs: 999 }, { round: 6 })).toEqual([]);
    expect(height(final, checkpoint(3, 3), { height: 7, standsForMs: 0 }, { round: 6 })).toEqual([7]);
  });

  test("the justified block itself while it is not final", () => {
    expect(height(final, checkpoint(3, 3), { height: 7, standsForMs: 999 })).toEqual([6]);
    expect(height(final, checkpoint(3, 3), { height: 6, standsForMs: 0 }, { round: 6 })).toEqual([6]);
  });

  test("names the head as the target once it has stood if there is no other, and nothing on the final block", () => {
    expect(height(final, final, { height: 7, standsForMs: 249 })).toEqual([]);
    expect(height(final, final, { height: 7, standsForMs: 250 })).toEqual([7]);
    expect(height(final, final, { height: 6, standsForMs: 999 })).toEqual([]);
    expect(height(final, final, { height: 7, standsForMs: 0 }, { periodMs: 250 })).toEqual([7]);
  });
});

test("the roundest height stays until the chain passes a rounder one", () => {
  const upTo = (above: number) =>
    [above + 1, above + 2, above + 4, above + 8].map((to) => roundHeights(above, to)[0]);
  expect(upTo(8)).toEqual([9, 10, 12, 16]);
  expect(upTo(7)).toEqual([8, 8, 8, 8]);
  expect(roundHeights(4, 7)).toEqual([6, 7]);
  expect(roundHeights(0, 1)).toEqual([1]);
  expect(roundHeights(0, 13)).toEqual([8, 12, 13]);
});

test("time-outs double from 500 ms up to 30 s", () => {
  expect([1, 2, 3, 6, 7, 8, 100, 2 ** 40].map(roundTimeoutMs)).toEqual([
    500, 1000, 2000, 16_000, 30_000, 30_000, 30_000, 30_000,
  ]);
});
