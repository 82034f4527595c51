import type { PeerId } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";

/** A peer whose claim came to nothing is not followed for so long; doubles each time, so that false claims cannot keep us busy. */
const firstDoubtMs = 1_000;
const maxDoubtMs = 30_000;
const maxDoubted = 1_024;

/** Peers whose claims came to nothing. */
export class Doubts {
  readonly #clock: Clock;
  readonly #doubted = new LruMap<PeerId, { times: number; untilMs: number }>(maxDoubted);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(peer: PeerId): boolean {
    return (this.#doubted.get(peer)?.untilMs ?? 0) > this.#clock.now();
  }

  /** How often, since it last kept what it claimed. */
  times(peer: PeerId): number {
    return this.#doubted.get(peer)?.times ?? 0;
  }

  add(peer: PeerId): void {
    const times = this.times(peer);
    const doubtMs = Math.min(firstDoubtMs * 2 ** times, maxDoubtMs);
    this.#doubted.set(peer, { times: Math.min(times + 1, 10), untilMs: this.#clock.now() + doubtMs });
  }

  delete(peer: PeerId): void {
    this.#doubted.delete(peer);
  }
}
