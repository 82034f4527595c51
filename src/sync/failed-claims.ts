import type { PeerId } from "../network/types.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";

/**
 * The time for which a peer is left out after a claim that came to nothing. It doubles each time, so that false claims
 * cannot keep this node busy.
 */
export const firstDoubtMs = 500;
export const maxDoubtMs = 60_000;
/** New ids cost nothing, so the oldest entries give way. */
const maxDoubted = 1_024;
/** More failures make no difference. */
const maxTimes = 10;

interface Doubt {
  times: number;
  untilMs: number;
}

/**
 * Peers whose claims came to nothing, and the networks that they are in: a new id is not a fresh start. A peer is left
 * out for its own failures. Failures of its network only let others go first, since honest peers may share it.
 */
export class FailedClaims {
  readonly #clock: Clock;
  readonly #peers = new LruMap<PeerId, Doubt>(maxDoubted);
  readonly #groups = new LruMap<string, Doubt>(maxDoubted);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(peer: PeerId): boolean {
    return (this.#peers.get(peer)?.untilMs ?? 0) > this.#clock.now();
  }

  /** The number of failures since the peer last delivered what it claimed. */
  times(peer: PeerId): number {
    return this.#peers.get(peer)?.times ?? 0;
  }

  /** The number of recent failures of peers in this network. */
  timesOfGroup(group: string): number {
    const doubt = this.#groups.get(group);
    return doubt && doubt.untilMs > this.#clock.now() ? doubt.times : 0;
  }

  /** Returns the time for which the peer is left out. */
  add(peer: PeerId, group: string): number {
    const times = Math.min(this.timesOfGroup(group) + 1, maxTimes);
    // Long enough that its other ids do not take turns.
    this.#groups.set(group, { times, untilMs: this.#clock.now() + maxDoubtMs });
    const doubt = this.#next(this.#peers.get(peer));
    this.#peers.set(peer, doubt);
    return doubt.untilMs - this.#clock.now();
  }

  delete(peer: PeerId): void {
    this.#peers.delete(peer);
  }

  #next(before: Pick<Doubt, "times"> | undefined): Doubt {
    const times = before?.times ?? 0;
    const doubtMs = Math.min(firstDoubtMs * 2 ** times, maxDoubtMs);
    return { times: Math.min(times + 1, maxTimes), untilMs: this.#clock.now() + doubtMs };
  }
}
