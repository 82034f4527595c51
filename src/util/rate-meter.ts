import type { Clock } from "./clock.ts";

/** The window over which the rate is measured. */
const windowMs = 10_000;
const samples = 20;

/** Measures a rate over the last ten seconds, because parts of a long task differ in speed. */
export class RateMeter {
  readonly #clock: Clock;
  /** Oldest first; the first sample is as old as the window, or as the start of the work. */
  readonly #samples: { atMs: number; done: number }[];
  #done: number;

  constructor(clock: Clock, done = 0) {
    this.#clock = clock;
    this.#samples = [{ atMs: clock.now(), done }];
    this.#done = done;
  }

  update(done: number): void {
    const atMs = this.#clock.now();
    this.#done = done;
    if (atMs - this.#samples.at(-1)!.atMs < windowMs / samples) return;
    this.#samples.push({ atMs, done });
    while (this.#samples.length > 2 && atMs - this.#samples[1]!.atMs >= windowMs) this.#samples.shift();
  }

  /** The rate; 0 if nothing has been measured yet. */
  get perSecond(): number {
    const first = this.#samples[0]!;
    const elapsedMs = this.#clock.now() - first.atMs;
    return elapsedMs > 0 ? ((this.#done - first.done) * 1000) / elapsedMs : 0;
  }

  /** The time until `total` is reached; undefined if there is no progress. */
  remainingMs(total: number): number | undefined {
    const { perSecond } = this;
    return perSecond > 0 ? Math.max(0, ((total - this.#done) * 1000) / perSecond) : undefined;
  }
}
