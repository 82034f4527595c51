import { expect, test } from "vitest";
import { RoundTimer } from "../../../src/consensus/index.ts";

const standing = { isLost: false, hasQuorum: true, isShared: true, justifiedRound: 4 };

test("the wait begins when the round has a quorum, and doubles with each round without a result", () => {
  const timer = new RoundTimer(5);
  expect(timer.round).toBe(5);
  expect(timer.waitMs(1_000, { ...standing, hasQuorum: false })).toBeUndefined();
  expect(timer.waitMs(2_000, standing)).toBe(500);
  expect(timer.waitMs(2_300, standing)).toBe(200);
  expect(timer.waitMs(2_600, standing)).toBe(-100);
  timer.enter(7);
  expect(timer.round).toBe(7);
  expect(timer.waitMs(3_000, standing)).toBe(2_000);
});

test("the wait begins anew when a quorum was there no more, and in each round", () => {
  const timer = new RoundTimer(5);
  timer.waitMs(1_000, standing);
  timer.waitMs(1_200, { ...standing, hasQuorum: false });
  expect(timer.waitMs(1_400, standing)).toBe(500);
  timer.enter(5);
  expect(timer.waitMs(1_700, standing)).toBe(500);
});

test("the wait is the shortest where no result is to be expected", () => {
  const late = { ...standing, justifiedRound: 0 };
  expect(new RoundTimer(5).waitMs(0, late)).toBe(8_000);
  expect(new RoundTimer(5).waitMs(0, { ...late, isShared: false })).toBe(500);
  expect(new RoundTimer(5).waitMs(0, { ...late, isLost: true })).toBe(500);
  expect(new RoundTimer(5).waitMs(0, { ...late, isLost: true, hasQuorum: false })).toBe(500);
});

test("a justified round above the own one counts as the one below", () => {
  expect(new RoundTimer(5).waitMs(0, { ...standing, justifiedRound: 5 })).toBe(500);
  expect(new RoundTimer(5).waitMs(0, { ...standing, justifiedRound: 9 })).toBe(500);
});
