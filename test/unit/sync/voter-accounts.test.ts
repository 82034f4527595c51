import { expect, test } from "vitest";
import { VoterAccounts } from "../../../src/sync/voter-accounts.ts";
import type { SignedFinalityVote } from "../../../src/types/index.ts";
import { ManualClock } from "../support/clock.ts";

function accounts() {
  const clock = new ManualClock();
  return { clock, accounts: new VoterAccounts(clock, 1_000) };
}

const by = (voter: number) => ({ voter: new Uint8Array(32).fill(voter) }) as SignedFinalityVote;
const count = (times: number, charge: () => boolean) => Array.from({ length: times }, charge).filter(Boolean);

test("charges each voter's votes to its own account, current and past ones separately: 64 at once, then four a second", async () => {
  const { clock, accounts: of } = accounts();
  expect(count(100, () => of.chargeVote(by(1), "past"))).toHaveLength(64);
  expect(count(100, () => of.chargeVote(by(1), "current"))).toHaveLength(64);
  expect(count(100, () => of.chargeVote(by(2), "current"))).toHaveLength(64);
  await clock.advance(1_000);
  expect(count(100, () => of.chargeVote(by(1), "current"))).toHaveLength(4);
});

test("checks votes beyond an account while the shared surplus lasts", async () => {
  const { clock, accounts: of } = accounts();
  const spend = (voter: number, times: number) => {
    let checked = 0;
    for (let at = 0; at < times; at++) {
      if (!of.mayCheck(by(voter), "current")) continue;
      checked++;
      of.chargeVote(by(voter), "current");
    }
    return checked;
  };
  expect(spend(1, 700)).toBe(700);
  expect(spend(2, 1_000)).toBe(64 + 1_000 - (700 - 64));
  expect(of.mayCheck(by(1), "current")).toBe(false);
  expect(of.mayCheck(by(1), "past")).toBe(true);
  expect(of.mayCheck(by(3), "current")).toBe(true);
  await clock.advance(2);
  expect(spend(2, 10)).toBe(1);
});

test("does not use the surplus for votes that an account covers", () => {
  const { accounts: of } = accounts();
  for (let voter = 10; voter < 60; voter++) count(64, () => of.chargeVote(by(voter), "current"));
  count(64, () => of.chargeVote(by(1), "current"));
  expect(count(1_064, () => of.mayCheck(by(1), "current") && !of.chargeVote(by(1), "current"))).toHaveLength(
    1_000,
  );
});

test("limits requests for blocks and certificates that votes name: eight of a voter at once, then one a second; twenty to a peer", async () => {
  const { clock, accounts: of } = accounts();
  expect(count(20, () => of.chargeErrand("block", by(1), "a"))).toHaveLength(8);
  expect(count(20, () => of.chargeErrand("certificate", by(1), "a"))).toHaveLength(8);
  expect(count(20, () => of.chargeErrand("block", by(2), "a"))).toHaveLength(8);
  expect(count(20, () => of.chargeErrand("block", by(3), "a"))).toHaveLength(4);
  // Each peer has its own quota.
  expect(count(20, () => of.chargeErrand("block", by(3), "b"))).toHaveLength(4);
  await clock.advance(1_000);
  expect(count(20, () => of.chargeErrand("block", by(1), "b"))).toHaveLength(1);
});

test("does not charge a peer for a voter that has used up its requests", () => {
  const { accounts: of } = accounts();
  count(100, () => of.chargeErrand("block", by(1), "a"));
  expect(
    count(12, () => of.chargeErrand("block", by(2), "a") || of.chargeErrand("block", by(3), "a")),
  ).toHaveLength(12);
});

test.each([
  [100, 75],
  [1_000, 250],
  [10_000, 250],
])("a period of %i ms makes an account of 64 votes refill one in %i ms", async (periodMs, everyMs) => {
  const clock = new ManualClock();
  const accounts = new VoterAccounts(clock, periodMs);
  const vote = { voter: new Uint8Array(32).fill(1) } as SignedFinalityVote;
  const charge = () => accounts.chargeVote(vote, "current");
  expect(Array.from({ length: 65 }, charge).lastIndexOf(true)).toBe(63);
  await clock.advance(everyMs - 1);
  expect(charge()).toBe(false);
  await clock.advance(1);
  expect([charge(), charge()]).toEqual([true, false]);
});
