import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A start has then done what it leaves for later. */
const defaultAfterMs = 20_000;
/** A node with more in its heap has work: then V8 collects by itself, and all at once would take long. */
const maxHeapBytes = 64 * 2 ** 20;

/**
 * Collects all garbage and gives the memory back, once. A node with little to do allocates so little that V8 would not come to
 * that, and keeps what the loading of its modules left behind.
 */
export function collectOnce(afterMs = defaultAfterMs): void {
  setTimeout(() => {
    if (getHeapStatistics().used_heap_size > maxHeapBytes) return;
    setFlagsFromString("--expose-gc");
    // Other flavors leave it to V8 when, and whether, pages go back to the system.
    runInNewContext("gc")({ type: "major", flavor: "last-resort" });
  }, afterMs).unref();
}
