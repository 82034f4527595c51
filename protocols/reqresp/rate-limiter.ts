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

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes tokens, or returns false where there is none. The last ones may be more than there are: they are missing later. */
  take(key: string, quota: Quota, tokens = 1): boolean {
    if (this.delayMs(key, quota) > 0) return false;
    const now = this.#clock.now();
    if (!this.#fullAt.has(key) && ++this.#added % pruneEvery === 0) this.#prune(now);
    this.#fullAt.set(
      key,
      Math.max(this.#fullAt.get(key) ?? now, now) + (tokens * quota.perMs) / quota.requests,
    );
    return true;
  }

  /** Time until there is a token: 0 where there is one now. */
  delayMs(key: string, quota: Quota): number {
    const now = this.#clock.now();
    let fullAt = this.#fullAt.get(key) ?? now;
    if (fullAt > now + quota.perMs) {
      // The clock was set back: that must not lock a peer out for longer than a whole refill.
      fullAt = now + quota.perMs;
      this.#fullAt.set(key, fullAt);
    }
    return Math.max(0, fullAt + quota.perMs / quota.requests - now - quota.perMs);
  }

  #prune(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
  }
}
