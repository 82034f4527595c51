import type { Clock } from "../../../src/util/clock.ts";

/** A clock that stands still until a test advances it. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();
  /** Work that a timer has started, such as signatures in other threads, which is awaited before time advances. */
  settle: () => Promise<unknown> = async () => undefined;

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Runs the timers that fall due, in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.settle();
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > until) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.atMs);
      next.callback();
    }
    this.#now = until;
  }

  setBack(ms: number): void {
    this.#now -= ms;
  }
}
