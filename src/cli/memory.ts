import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { UserError } from "../util/errors.ts";

const mebibyte = 2 ** 20;
/** A start takes 201 MiB at one time: 128 of them, for a moment, to open an account of the usual cost. */
export const minMemoryBytes = 208 * mebibyte;

/**
 * Refuses to start a node where it would be killed: the kernel kills without a word. @throws {UserError}
 * `NOT_ENOUGH_MEMORY` if the container or service has less memory than a start needs.
 */
export function requireMemory(limitBytes = process.constrainedMemory()): void {
  // 0 means that nothing is known.
  if (limitBytes === 0 || limitBytes >= minMemoryBytes) return;
  const text = (bytes: number) => `${Math.floor(bytes / mebibyte)} MiB`;
  throw new UserError(
    `this process may use ${text(limitBytes)} of memory, and a node needs ${text(minMemoryBytes)} to start: give the container or service 256 MB or more (docker run --memory=256m, MemoryMax=256M)`,
    "NOT_ENOUGH_MEMORY",
  );
}

/** `afterMs`: by then the start's postponed work is done. `lookMs`: how long the load is measured beforehand. */
const defaultTimes = { afterMs: 20_000, lookMs: 1_000 };
/** A node with a larger heap is at work: V8 collects by itself then, and one full collection would take long. */
const maxHeapBytes = 64 * mebibyte;
/** Share of the main thread's time. An idle node takes a hundredth; a busy one would pause for tenths of a second. */
const maxUtilization = 0.1;

/**
 * Collects all garbage once, in a quiet moment, and returns the memory to the system. An idle node allocates so little
 * that V8 would never run a full collection, and would keep the memory that loading its modules took.
 */
export async function collectOnce({ afterMs, lookMs } = defaultTimes): Promise<void> {
  const unheld = { ref: false };
  for (let isQuiet = false; !isQuiet; ) {
    await sleep(afterMs, undefined, unheld);
    const before = performance.eventLoopUtilization();
    await sleep(lookMs, undefined, unheld);
    if (getHeapStatistics().used_heap_size > maxHeapBytes) return;
    isQuiet = performance.eventLoopUtilization(before).utilization < maxUtilization;
  }
  // Code that nothing runs at this moment is garbage too: what is called again is compiled again.
  for (const flag of ["--expose-gc", "--stress-flush-code"]) setFlagsFromString(flag);
  // With any other flavor V8 decides when, and whether, it returns pages to the system.
  runInNewContext("gc")({ type: "major", flavor: "last-resort" });
  setFlagsFromString("--no-stress-flush-code");
}

/**
 * `startMs`: the work of the main thread that an empty node's start takes, and a half more. An idle node takes a smaller
 * share of its time than `idleShare`.
 */
const busyLimits = { startMs: 450, lookMs: 100, idleShare: 0.02 };

/** Resolves when the main thread has had more work than the start of an empty node, and idling, take. */
export async function untilBusy({ startMs, lookMs, idleShare } = busyLimits): Promise<void> {
  for (let leftMs = startMs; leftMs > 0; ) {
    const before = performance.eventLoopUtilization();
    await sleep(lookMs, undefined, { ref: false });
    const { active } = performance.eventLoopUtilization(before);
    leftMs = Math.min(startMs, leftMs + idleShare * lookMs - active);
  }
}
