import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** `afterMs`: a start has then done what it leaves for later; `lookMs`: how long it is watched whether the node has little to do. */
const defaultTimes = { afterMs: 20_000, lookMs: 1_000 };
/** A node with more in its heap has work: then V8 collects by itself, and all at once would take long. */
const maxHeapBytes = 64 * 2 ** 20;
/** Share of the main thread's time. An idle node takes a hundredth; a busy one would pause for some tenths of a second. */
const maxUtilization = 0.1;

/**
 * Collects all garbage and gives the memory back, once, in a quiet moment. A node with little to do allocates so little that V8 would
 * not come to that, and keeps what the loading of its modules left behind.
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
  setFlagsFromString("--expose-gc");
  // Other flavors leave it to V8 when, and whether, pages go back to the system.
  runInNewContext("gc")({ type: "major", flavor: "last-resort" });
}
