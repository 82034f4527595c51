import { RateLimiter } from "../../protocols/index.ts";
import { ip6Groups, ip6Prefix } from "../util/address-group.ts";
import type { Clock } from "../util/clock.ts";
import type { RateLimit } from "./limits.ts";

/** Bytes of stored blocks that are read for the price of one request. */
export const bytesPerToken = 32 * 1024;

/**
 * A token bucket for each client address. A request takes one token, and later its actual cost, which may leave a debt.
 */
export class ClientLimiter {
  readonly #buckets: RateLimiter;
  readonly #remote: RateLimit;
  readonly #local: RateLimit;

  constructor(clock: Clock, remote: RateLimit, local: RateLimit) {
    this.#buckets = new RateLimiter(clock);
    this.#remote = remote;
    this.#local = local;
  }

  /** 0 if the request may pass; otherwise the seconds (whole, at least 1) after which another may. */
  retryAfterS(address: string): number {
    const { client, quota } = this.#bucket(address);
    if (this.#buckets.take(client, quota)) return 0;
    return Math.ceil(this.#buckets.delayMs(client, quota) / 1000);
  }

  /**
   * Charges a request's cost in addition to the token that admitted it. Returns false if the client owes more than a
   * burst: what is above that is not charged.
   */
  charge(address: string, tokens: number): boolean {
    const { client, quota } = this.#bucket(address);
    // More than a burst of debt would punish for longer than the work took.
    const most = ((2 * quota.perMs - this.#buckets.refillMs(client)) * quota.requests) / quota.perMs;
    this.#buckets.charge(client, quota, Math.min(tokens, most));
    return tokens <= most;
  }

  #bucket(address: string) {
    const { perSecond, burst } = isLoopback(address) ? this.#local : this.#remote;
    return { client: clientOf(address), quota: { requests: burst, perMs: (1000 * burst) / perSecond } };
  }
}

/** True for addresses of this machine itself. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}

/** The address that limits apply to: IPv6 clients may choose any address of their /64. */
export function clientOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  return ip6Prefix(ip6Groups(address), 4);
}
