import { expect, test } from "vitest";
import { RateLimiter } from "../../../protocols/index.ts";
import { ManualClock } from "../support/clock.ts";

const quota = { requests: 4, perMs: 1_000 };

function taken(limiter: RateLimiter, key: string, times: number): number {
  let count = 0;
  for (let n = 0; n < times; n++) if (limiter.take(key, quota)) count++;
  return count;
}

test("gives the quota at once, then evenly", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock);
  expect(taken(limiter, "a", 10)).toBe(4);
  expect(limiter.delayMs("a", quota)).toBe(250);
  await clock.advance(249);
  expect(taken(limiter, "a", 10)).toBe(0);
  await clock.advance(1);
  expect(taken(limiter, "a", 10)).toBe(1);
  await clock.advance(500);
  expect(taken(limiter, "a", 10)).toBe(2);
});

test("never gives more than the quota and what was refilled", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock);
  let count = 0;
  for (let n = 0; n < 1_000; n++) {
    count += taken(limiter, "a", 3);
    await clock.advance(10);
  }
  expect(count).toBe(4 + 40 - 1);
});

test("a full bucket holds no more than the quota", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock);
  taken(limiter, "a", 4);
  await clock.advance(3_600_000);
  expect(taken(limiter, "a", 10)).toBe(4);
});

test("keeps a separate bucket for each key", () => {
  const limiter = new RateLimiter(new ManualClock());
  expect([taken(limiter, "a", 5), taken(limiter, "b", 5)]).toEqual([4, 4]);
});

test("tokens taken beyond what there was are missing later", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock);
  expect(limiter.take("a", quota, 40)).toBe(true);
  expect(limiter.delayMs("a", quota)).toBe(9_250);
  await clock.advance(9_249);
  expect(taken(limiter, "a", 1)).toBe(0);
  await clock.advance(1);
  expect(taken(limiter, "a", 10)).toBe(1);
});

test("a clock that is set back locks nobody out for longer than a refill", async () => {
  const clock = new ManualClock();
  const limiter = new RateLimiter(clock);
  taken(limiter, "a", 4);
  clock.setBack(3_600_000);
  expect(taken(limiter, "a", 1)).toBe(0);
  await clock.advance(1_000);
  expect(taken(limiter, "a", 1)).toBe(1);
});
