import type { Clock } from "./clock.ts";

/** The rate is that of so long. */
const windowMs = 10_000;
const samples = 20;

/** How fast something goes on: of the last ten seconds, since no two parts of a long work take the same time. */
export class RateMeter {
  readonly #clock: Clock;
  /** Oldest first; the first is as old as the window, or where the work began. */
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

  /** 0 where nothing has been measured yet. */
  get perSecond(): number {
    const first = this.#samples[0]!;
    const elapsedMs = this.#clock.now() - first.atMs;
    return elapsedMs > 0 ? ((this.#done - first.done) * 1000) / elapsedMs : 0;
  }

  /** Until `total`; undefined while it does not go on. */
  remainingMs(total: number): number | undefined {
    const { perSecond } = this;
    return perSecond > 0 ? Math.max(0, ((total - this.#done) * 1000) / perSecond) : undefined;
  }
}
