import { expect, test } from "vitest";
import type { PeerId } from "../../../src/network/types.ts";
import { FailedClaims } from "../../../src/sync/failed-claims.ts";
import { ManualClock } from "../support/clock.ts";

const peer = (name: string) => name as unknown as PeerId;
const [a, b] = [peer("a"), peer("b")];

test("leaves a peer out twice as long after each failure, at most a minute", async () => {
  const clock = new ManualClock();
  const doubts = new FailedClaims(clock);
  expect([doubts.has(a), doubts.times(a)]).toEqual([false, 0]);
  const times = Array.from({ length: 12 }, () => doubts.add(a, "net"));
  expect(times).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 60_000,
  ]);
  expect(doubts.times(a)).toBe(10);
  await clock.advance(59_999);
  expect(doubts.has(a)).toBe(true);
  await clock.advance(1);
  expect(doubts.has(a)).toBe(false);
  expect(doubts.times(a)).toBe(10);
});

test("forgives a peer's failures when it delivers, but not those of its network", async () => {
  const clock = new ManualClock();
  const doubts = new FailedClaims(clock);
  doubts.add(a, "net");
  doubts.add(b, "net");
  doubts.delete(a);
  expect([doubts.has(a), doubts.times(a)]).toEqual([false, 0]);
  expect([doubts.has(b), doubts.times(b)]).toEqual([true, 1]);
  expect([doubts.timesOfGroup("net"), doubts.timesOfGroup("other")]).toEqual([2, 0]);
  expect(doubts.add(a, "net")).toBe(500);
});

test("a network's failures count for a minute after the last, ten at most", async () => {
  const clock = new ManualClock();
  const doubts = new FailedClaims(clock);
  for (let at = 0; at < 12; at++) doubts.add(peer(`peer ${at}`), "net");
  expect(doubts.timesOfGroup("net")).toBe(10);
  await clock.advance(59_999);
  expect(doubts.timesOfGroup("net")).toBe(10);
  await clock.advance(1);
  expect(doubts.timesOfGroup("net")).toBe(0);
  doubts.add(a, "net");
  expect(doubts.timesOfGroup("net")).toBe(1);
});

test("1,024 peers and networks are remembered, the newest", () => {
  const doubts = new FailedClaims(new ManualClock());
  for (let at = 0; at <= 1_024; at++) doubts.add(peer(`peer ${at}`), `net ${at}`);
  expect([0, 1, 1_024].map((at) => doubts.times(peer(`peer ${at}`)))).toEqual([0, 1, 1]);
  expect([0, 1, 1_024].map((at) => doubts.timesOfGroup(`net ${at}`))).toEqual([0, 1, 1]);
});
