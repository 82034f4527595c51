import type { Timeline } from "./timeline.ts";

// Taken before a run forbids them.
const immediate = setImmediate;

/** Resolves when everything that the last event has begun waits for another event: only promises are used, and all have run. */
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
