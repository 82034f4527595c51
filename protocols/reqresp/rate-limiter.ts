import type { Clock } from "../../src/util/clock.ts";
import type { Protocol } from "./types.ts";

type Quota = Protocol<unknown, unknown>["quota"];

/** Keys are dropped when their bucket is full again; this is checked after so many were added. */
const pruneEvery = 1024;

/**
 * One token bucket per key, each stored as one number: the time at which the bucket is full again (GCRA). A bucket
 * holds `quota.requests` and refills evenly over `quota.perMs`.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #fullAt = new Map<string, number>();
  #added = 0;
  #latest = Number.NEGATIVE_INFINITY;
  /** The total time by which the clock was set back. */
  #setBackMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes tokens, or returns false if there is none. It may take more than there are; the bucket is then in debt. */
  take(key: string, quota: Quota, tokens = 1): boolean {
    if (this.delayMs(key, quota) > 0) return false;
    this.charge(key, quota, tokens);
    return true;
  }

  /** Takes tokens whether there are enough or not; the bucket may then be in debt. */
  charge(key: string, quota: Quota, tokens: number): void {
    const now = this.#now();
    if (!this.#fullAt.has(key) && ++this.#added % pruneEvery === 0) this.#prune(now);
    this.#fullAt.set(
      key,
      Math.max(this.#fullAt.get(key) ?? now, now) + (tokens * quota.perMs) / quota.requests,
    );
  }

  /** The time until the bucket is full, a measure of recent use. 0 for a bucket that was not used. */
  refillMs(key: string): number {
    const now = this.#now();
    return Math.max(0, (this.#fullAt.get(key) ?? now) - now);
  }

  /** The time until there is a token: 0 if there is one now. */
  delayMs(key: string, quota: Quota): number {
    const now = this.#now();
    const fullAt = this.#fullAt.get(key) ?? now;
    return Math.max(0, fullAt + quota.perMs / quota.requests - now - quota.perMs);
  }

  /** A time that never goes back: a clock that is set back must not lock a peer out. */
  #now(): number {
    const time = this.#clock.now() + this.#setBackMs;
    if (time < this.#latest) this.#setBackMs += this.#latest - time;
    else this.#latest = time;
    return this.#latest;
  }

  #prune(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
  }
}
