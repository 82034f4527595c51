import { expect, test } from "vitest";
import { Usefulness } from "../../../src/network/usefulness.ts";
import { ManualClock } from "../support/clock.ts";

test("counts what a peer has delivered, and forgets it with time", async () => {
  const clock = new ManualClock();
  const usefulness = new Usefulness(clock);
  for (let n = 0; n < 4; n++) usefulness.add("a");
  expect([usefulness.of("a"), usefulness.of("b")]).toEqual([4, 0]);
  await clock.advance(20 * 60_000);
  expect(usefulness.of("a")).toBeCloseTo(1);
});

test("any number of ids takes bounded memory, and does not push out the useful ones", () => {
  const usefulness = new Usefulness(new ManualClock());
  const ids = ["useful", "one more", ...Array.from({ length: 10_000 }, (_, n) => `passing${n}`)];
  for (let n = 0; n < 3; n++) usefulness.add("useful");
  for (let n = 0; n < 1_023; n++) usefulness.add(`passing${n}`);
  const known = () => ids.filter((id) => usefulness.of(id) > 0).length;
  expect(known()).toBe(1_024);
  usefulness.add("one more");
  expect(known()).toBe(513);
  for (const id of ids) usefulness.add(id);
  expect(known()).toBeLessThanOrEqual(1_024);
  expect(usefulness.of("useful")).toBe(4);
});
