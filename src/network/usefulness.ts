import type { Clock } from "../util/clock.ts";
import type { PeerId } from "./types.ts";

/** Deliveries count half after this time. */
const halfLifeMs = 10 * 60_000;
const maxPeers = 1_024;

/**
 * Counts what peers delivered that was new and passed its checks. It only decides which connection gives way when
 * places are full.
 */
export class Usefulness {
  readonly #clock: Clock;
  readonly #delivered = new Map<PeerId, { count: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(peer: PeerId): void {
    const count = this.of(peer) + 1;
    this.#delivered.set(peer, { count, atMs: this.#clock.now() });
    if (this.#delivered.size > maxPeers) this.#forgetLeast();
  }

  of(peer: PeerId): number {
    const known = this.#delivered.get(peer);
    if (!known) return 0;
    return known.count * 0.5 ** (Math.max(0, this.#clock.now() - known.atMs) / halfLifeMs);
  }

  #forgetLeast(): void {
    const byCount = [...this.#delivered.keys()].sort((a, b) => this.of(a) - this.of(b));
    for (const peer of byCount.slice(0, maxPeers / 2)) this.#delivered.delete(peer);
  }
}
