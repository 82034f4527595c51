import { expect, test } from "vitest";
import { RoundTimer } from "../../../src/consensus/index.ts";

const standing = { isLost: false, hasQuorum: true, isShared: true, settledRound: 4 };

test("starts the time-out when the round has a quorum, and doubles it after each round without a result", () => {
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

test("restarts the time-out in each round, and after a quorum was lost", () => {
  const timer = new RoundTimer(5);
  timer.waitMs(1_000, standing);
  timer.waitMs(1_200, { ...standing, hasQuorum: false });
  expect(timer.waitMs(1_400, standing)).toBe(500);
  timer.enter(5);
  expect(timer.waitMs(1_700, standing)).toBe(500);
});

test("uses the shortest time-out if no result can be expected", () => {
  const late = { ...standing, settledRound: 0 };
  expect(new RoundTimer(5).waitMs(0, late)).toBe(8_000);
  expect(new RoundTimer(5).waitMs(0, { ...late, isShared: false })).toBe(500);
  expect(new RoundTimer(5).waitMs(0, { ...late, isLost: true })).toBe(500);
  expect(new RoundTimer(5).waitMs(0, { ...late, isLost: true, hasQuorum: false })).toBe(500);
});

test("a justified round above the own one counts as the one below", () => {
  expect(new RoundTimer(5).waitMs(0, { ...standing, settledRound: 5 })).toBe(500);
  expect(new RoundTimer(5).waitMs(0, { ...standing, settledRound: 9 })).toBe(500);
});

test("a result is late in the second half of the time-out, and stays so until the next round", () => {
  const timer = new RoundTimer(5);
  timer.noteResult(0);
  // No time-out runs.
  expect(timer.lateMs(0)).toBeUndefined();
  for (const [resultAtMs, lateMs] of [
    [1_249, undefined],
    [1_250, 50],
    [1_600, 50],
  ] as const) {
    timer.enter(5);
    timer.waitMs(1_000, standing);
    expect(timer.lateMs(1_450)).toBeUndefined();
    timer.noteResult(resultAtMs);
    timer.noteResult(resultAtMs + 300);
    expect(timer.lateMs(1_450)).toBe(lateMs);
  }
  timer.enter(6);
  timer.waitMs(2_000, standing);
  expect(timer.lateMs(2_450)).toBeUndefined();
});
