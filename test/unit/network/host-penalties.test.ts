import { expect, test } from "vitest";
import { HostPenalties } from "../../../src/network/host-penalties.ts";
import { ManualClock } from "../support/clock.ts";

const halfLifeMs = 10 * 60_000;

test("each ban halves the share of an address, down to an eighth, for a limited time", async () => {
  const clock = new ManualClock();
  const penalties = new HostPenalties(clock);
  const shares = [1, 2, 3, 4, 5].map(() => {
    penalties.add("a");
    return penalties.share("a");
  });
  expect(shares).toEqual([1 / 2, 1 / 4, 1 / 8, 1 / 8, 1 / 8]);
  for (let bans = 0; bans < 100; bans++) penalties.add("a");
  await clock.advance(halfLifeMs);
  expect(penalties.share("a")).toBeCloseTo(0.5 ** 1.5);
  await clock.advance(5 * halfLifeMs);
  expect(penalties.share("a")).toBe(1);
  expect(penalties.share("b")).toBe(1);
});

test("forgets the longest unused of thousands of addresses", () => {
  const penalties = new HostPenalties(new ManualClock());
  for (let host = 0; host < 4_097; host++) penalties.add(String(host));
  expect([penalties.share("0"), penalties.share("1"), penalties.share("4096")]).toEqual([1, 0.5, 0.5]);
});
