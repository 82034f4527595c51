import { performance } from "node:perf_hooks";
import type { MainThreadInput } from "./diagnosis-types.ts";

/** Shorter work is usual: a block with thousands of transfers, a request for a large proof. */
const overMs = 10_000;

interface Look {
  atMs: number;
  utilization: ReturnType<typeof performance.eventLoopUtilization>;
}

/**
 * Measures how busy the main thread is. It needs no timer of its own: it is told to look about once a second, and a
 * look that comes late was held up by work.
 */
export class MainThread {
  readonly #everyMs: number;
  #looks: Look[] = [];

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  look(): void {
    const atMs = performance.now();
    this.#looks.push({ atMs, utilization: performance.eventLoopUtilization() });
    // One look before the time begins.
    const first = this.#looks.findLastIndex((look) => look.atMs <= atMs - overMs);
    if (first > 0) this.#looks = this.#looks.slice(first);
  }

  /** Nothing counts before it was measured over the whole time: a start is busy. */
  get measured(): MainThreadInput {
    const [first, ...others] = this.#looks;
    const last = others.at(-1);
    if (!first || !last || last.atMs - first.atMs < overMs) return { utilization: 0, delayMs: 0, overMs };
    const { utilization } = performance.eventLoopUtilization(last.utilization, first.utilization);
    const gaps = others.map(({ atMs }, at) => atMs - this.#looks[at]!.atMs - this.#everyMs);
    return { utilization, delayMs: Math.max(0, ...gaps), overMs };
  }
}
