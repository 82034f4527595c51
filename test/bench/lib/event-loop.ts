import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

const resolutionMs = 1;

/** Runs a function and measures the longest time for which it blocked this thread. */
export async function longestBlockMs<T>(run: () => Promise<T>): Promise<{ result: T; blockedMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  // The first sample is taken one interval from now.
  await sleep(5 * resolutionMs);
  delays.reset();
  const result = await run();
  await sleep(5 * resolutionMs);
  delays.disable();
  return { result, blockedMs: Math.max(0, delays.max / 1e6 - resolutionMs) };
}
