import { performance } from "node:perf_hooks";
import { expect, test, vi } from "vitest";
import { MainThread } from "../../../src/node/start-diagnosis.ts";

/** Looks at these times, in milliseconds; the thread had worked for `activeMs` by then. */
function measure(looks: readonly { atMs: number; activeMs: number }[]) {
  const now = vi.spyOn(performance, "now");
  const loop = vi.spyOn(performance, "eventLoopUtilization");
  const thread = new MainThread(1_000);
  for (const { atMs, activeMs } of looks) {
    now.mockReturnValueOnce(atMs);
    loop.mockReturnValueOnce({ idle: atMs - activeMs, active: activeMs, utilization: 0 });
    thread.look();
  }
  vi.restoreAllMocks();
  return thread.measured;
}

test("says how much of the last 10 s the thread worked, and how late its timer was", () => {
  // At rest, then busy for 12 s with one stall.
  const times = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 8_500, 9_500, 10_500, 11_500, 12_500, 13_500, 14_500];
  const busy = measure(times.map((atMs) => ({ atMs, activeMs: Math.max(0, (atMs - 2_000) * 0.96) })));
  expect(busy.utilization).toBeCloseTo(0.96);
  expect(busy.delayMs).toBe(2_500);
  const over = measure([...times, 15_500, 16_500, 17_500, 18_500].map((atMs) => ({ atMs, activeMs: 0 })));
  expect(over).toEqual({ utilization: 0, delayMs: 0, overMs: 10_000 });
});

test("says nothing of a start, which is busy", () => {
  const looks = [0, 1_000, 5_000].map((atMs) => ({ atMs, activeMs: atMs }));
  expect(measure(looks)).toEqual({ utilization: 0, delayMs: 0, overMs: 10_000 });
});
