import { expect, test } from "vitest";
import { patienceMs, Standing } from "../../../src/sync/standing.ts";
import { ManualClock } from "../support/clock.ts";

function setUp() {
  const clock = new ManualClock();
  const steps: string[] = [];
  const standing = new Standing({
    clock,
    onBehind: () => steps.push("behind"),
    onInStep: () => steps.push("inStep"),
  });
  return { clock, steps, standing };
}

test("the first boot ends when no peer has a better chain, or when none has shown it for a few seconds", async () => {
  const told = setUp();
  told.standing.start();
  told.standing.settled();
  expect(told.steps).toEqual(["inStep"]);
  const kept = setUp();
  kept.standing.start();
  await kept.clock.advance(patienceMs - 1);
  expect(kept.steps).toEqual([]);
  await kept.clock.advance(1);
  expect(kept.steps).toEqual(["inStep"]);
  expect(patienceMs).toBeLessThan(5_000);
});

test("a node is behind as long as blocks arrive, and in step again when none do", async () => {
  const { clock, steps, standing } = setUp();
  standing.start();
  standing.settled();
  for (let block = 0; block < 10; block++) {
    standing.delivered();
    await clock.advance(patienceMs - 1);
  }
  expect(new Set(steps.slice(1))).toEqual(new Set(["behind"]));
  await clock.advance(1);
  expect(steps.at(-1)).toBe("inStep");
  expect(clock.pending).toBe(0);
});

test("nothing changes after stop", async () => {
  const { clock, steps, standing } = setUp();
  standing.start();
  standing.stop();
  standing.delivered();
  standing.settled();
  await clock.advance(10_000);
  expect(steps).toEqual([]);
});
