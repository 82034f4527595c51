import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";

/** Half of a ban is forgotten after this time. */
const halfLifeMs = 10 * 60_000;
/** Each ban halves the share of the address. Bans beyond this number have no effect. */
const maxBans = 3;
/** Least recently used first. An address costs an attacker more than a peer id, so a few thousand are enough. */
const maxHosts = 4_096;

/**
 * Remembers bans by address. A ban is by key, and a new key costs nothing. The addresses that a banned peer was
 * connected from therefore get fewer places and handshakes for a time, whoever uses them. At least an eighth is left,
 * since honest peers may be behind the same router, and no connected peer is disconnected for it.
 */
export class HostPenalties {
  readonly #clock: Clock;
  readonly #hosts = new LruMap<string, { bans: number; atMs: number }>(maxHosts);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(host: string): void {
    this.#hosts.set(host, { bans: Math.min(maxBans, this.#bans(host) + 1), atMs: this.#clock.now() });
  }

  /** The share in [1/8, 1] that an address gets of its usual places and handshakes. */
  share(host: string): number {
    return 0.5 ** this.#bans(host);
  }

  #bans(host: string): number {
    const known = this.#hosts.get(host);
    if (!known) return 0;
    const bans = known.bans * 0.5 ** (Math.max(0, this.#clock.now() - known.atMs) / halfLifeMs);
    return bans < 0.1 ? 0 : bans;
  }
}
