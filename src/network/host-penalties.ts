import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";

/** A ban is half forgotten after this time. */
const halfLifeMs = 10 * 60_000;
/** Each ban halves what the address gets; beyond these nothing more is taken away. */
const maxBans = 3;
/** Longest unused first; an address costs an attacker more than a peer id, so a few thousand are enough. */
const maxHosts = 4_096;

/**
 * Bans remembered by address. A ban is by key, and a new key costs nothing: so the addresses that a banned peer was connected from get
 * fewer places and handshakes for a time, whoever comes from there. At least an eighth is left, since honest peers may sit behind the
 * same router, and nobody who is connected already is disconnected for it.
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

  /** In [1/8, 1]: what an address gets of what it would get otherwise. */
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
