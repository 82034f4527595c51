import type { Clock } from "../../src/util/clock.ts";
import type { Protocol } from "./types.ts";

type Quota = Protocol<unknown, unknown>["quota"];

/** Keys are dropped when their bucket is full again; looked for after this many were added. */
const pruneEvery = 1024;

/**
 * A token bucket a key, as one number each: the time at which the bucket is full again (GCRA). A bucket holds
 * `quota.requests` and refills evenly over `quota.perMs`.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #fullAt = new Map<string, number>();
  #added = 0;
  #latest = Number.NEGATIVE_INFINITY;
  /** By how much the clock was set back, in all. */
  #setBackMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes tokens, or returns false where there is none. The last ones may be more than there are: they are missing later. */
  take(key: string, quota: Quota, tokens = 1): boolean {
    if (this.delayMs(key, quota) > 0) return false;
    this.charge(key, quota, tokens);
    return true;
  }

  /** Takes tokens whether there are any or not: those that there are not are missing later. */
  charge(key: string, quota: Quota, tokens: number): void {
    const now = this.#now();
    if (!this.#fullAt.has(key) && ++this.#added % pruneEvery === 0) this.#prune(now);
    this.#fullAt.set(
      key,
      Math.max(this.#fullAt.get(key) ?? now, now) + (tokens * quota.perMs) / quota.requests,
    );
  }

  /** Time until the bucket is full: what was taken from it of late. 0 for one that was not used. */
  refillMs(key: string): number {
    const now = this.#now();
    return Math.max(0, (this.#fullAt.get(key) ?? now) - now);
  }

  /** Time until there is a token: 0 where there is one now. */
  delayMs(key: string, quota: Quota): number {
    const now = this.#now();
    const fullAt = this.#fullAt.get(key) ?? now;
    return Math.max(0, fullAt + quota.perMs / quota.requests - now - quota.perMs);
  }

  /** Time that never goes back: a clock that is set back must not lock a peer out. */
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
