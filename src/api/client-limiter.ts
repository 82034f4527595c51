import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import type { RateLimit } from "./limits.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Bytes of stored blocks that are read for the price of one request. */
export const bytesPerToken = 32 * 1024;

/** Addresses that are remembered. A forgotten one starts again with a full bucket. */
const maxBuckets = 16_384;

/**
 * A token bucket for each client address. A request takes one token, and later its actual cost, which may leave a debt.
 */
export class ClientLimiter {
  readonly #buckets = new LruMap<string, Bucket>(maxBuckets);
  readonly #clock: Clock;
  readonly #remote: RateLimit;
  readonly #local: RateLimit;

  constructor(clock: Clock, remote: RateLimit, local: RateLimit) {
    this.#clock = clock;
    this.#remote = remote;
    this.#local = local;
  }

  /** 0 if the request may pass; otherwise the seconds (whole, at least 1) after which another may. */
  retryAfterS(address: string): number {
    const { perSecond } = this.#limit(address);
    const bucket = this.#bucket(address);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    bucket.tokens--;
    return 0;
  }

  /**
   * Charges a request's cost in addition to the token that admitted it. Returns false if the client owes more than a
   * burst: what is above that is not charged.
   */
  charge(address: string, tokens: number): boolean {
    const bucket = this.#bucket(address);
    // More than a burst of debt would punish for longer than the work took.
    const most = -this.#limit(address).burst;
    bucket.tokens -= tokens;
    if (bucket.tokens >= most) return true;
    bucket.tokens = most;
    return false;
  }

  #limit(address: string): RateLimit {
    return isLoopback(address) ? this.#local : this.#remote;
  }

  #bucket(address: string): Bucket {
    const { perSecond, burst } = this.#limit(address);
    const client = clientOf(address);
    const nowMs = this.#clock.now();
    let bucket = this.#buckets.get(client);
    if (!bucket) {
      bucket = { tokens: burst, atMs: nowMs };
      this.#buckets.set(client, bucket);
    }
    // A clock that was set back adds nothing.
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1000);
    bucket.atMs = nowMs;
    return bucket;
  }
}

/** True for addresses of this machine itself. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}

/** The address that limits apply to: IPv6 clients may choose any address of their /64. */
export function clientOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + after < 8) groups.push("0");
  }
  return groups.slice(0, 4).join(":");
}
