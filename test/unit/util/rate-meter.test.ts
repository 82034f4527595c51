import { expect, test } from "vitest";
import { RateMeter } from "../../../src/util/rate-meter.ts";
import { ManualClock } from "../support/clock.ts";

test("the rate is that of the last ten seconds", async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock, 1_000);
  expect([meter.perSecond, meter.remainingMs(2_000)]).toEqual([0, undefined]);
  let done = 1_000;
  const goOn = async (seconds: number, perSecond: number) => {
    for (let tenth = 0; tenth < 10 * seconds; tenth++) {
      await clock.advance(100);
      done += perSecond / 10;
      meter.update(done);
    }
  };
  await goOn(5, 200);
  expect(meter.perSecond).toBeCloseTo(200);
  expect(meter.remainingMs(3_000)).toBeCloseTo(5_000);
  await goOn(30, 1_000);
  expect(meter.perSecond).toBeCloseTo(1_000, -2);
  // The progress stops.
  await clock.advance(40_000);
  expect(meter.perSecond).toBeLessThan(250);
  expect(meter.remainingMs(done)).toBe(0);
});
