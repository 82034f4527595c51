import type { Timeline } from "./timeline.ts";

// Saved before a run forbids it.
const immediate = setImmediate;

/** Resolves when all promises that the last event has started are settled or wait for another event. */
export function drained(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}

/** Runs events until `done`, or until `untilMs`. */
export async function runUntil(timeline: Timeline, untilMs: number, done: () => boolean): Promise<void> {
  let passed = false;
  const cancel = timeline.at(untilMs, () => {
    passed = true;
  });
  while (!passed && !done()) {
    if (!timeline.step()) break;
    await drained();
  }
  cancel();
}
