import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import type { Place } from "./address.ts";
import type { PeerId } from "./types.ts";

/**
 * Units of work that reading causes, of some microseconds each. A peer has a few for itself, whatever others of its
 * address send; the rest comes out of the share of the address.
 */
export const intakeLimits = {
  perPeer: { requests: 1_000, perMs: 4_000 },
  /** 10 MB/s of gossip, or ten times as much of answers. Four addresses together take some tenths of the thread. */
  perHost: { requests: 40_000, perMs: 4_000 },
};

/** The units of what costs more than its bytes. */
export const unitBytes = 1_024;
/** A peer sends what this node has asked for on the node's own streams. */
export const unitBytesOfAnswers = 16 * 1_024;
/** A stream has an object, timers and the negotiation of its protocol. */
export const unitsOfStream = 100;
/** A ping is answered: an encrypted packet, which takes some ten times as long as reading a frame that is not. */
export const unitsOfPing = 10;
/** Sources are forgotten when their peers leave; this bounds them if that is missed. */
const maxSources = 4_096;

/** The source of bytes: a peer, and where it is connected from. */
export interface IntakeSource {
  peer: PeerId;
  place: Place | undefined;
  /** An address without a share of its own, such as this machine's: each of its peers has as much as an address. */
  isExempt: boolean;
}

/**
 * Accounts for everything that peers send, before it is known what it is for. Above its share nothing more is read from
 * a connection until the share is refilled, and TCP slows its sender down: nobody is blamed, and nothing is lost.
 */
export class Intake {
  readonly #peers: RateLimiter;
  readonly #hosts: RateLimiter;
  readonly #sources = new LruMap<PeerId, IntakeSource>(maxSources);

  constructor(clock: Clock) {
    this.#peers = new RateLimiter(clock);
    this.#hosts = new RateLimiter(clock);
  }

  /** The peer is connected from there; the last connection counts. */
  opened(source: IntakeSource): void {
    this.#sources.set(source.peer, source);
  }

  closed(peer: PeerId): void {
    this.#sources.delete(peer);
  }

  /** The address whose share the peer has a part in; its own id if it is not connected, or on this machine. */
  hostOf(peer: PeerId): string {
    const source = this.#sources.get(peer);
    return source ? hostOf(source) : peer;
  }

  /** Charges what turned out to be work when the peer's bytes were read. */
  chargePeer(peer: PeerId, units: number): void {
    const source = this.#sources.get(peer);
    if (source) this.charge(source, units);
  }

  charge(source: IntakeSource, units: number): void {
    const { perPeer, perHost } = intakeLimits;
    if (this.#peers.take(source.peer, perPeer, units)) return;
    this.#hosts.charge(hostOf(source), perHost, units);
  }

  /** The time until more may be read from the source: 0 if it may be now. */
  delayMs(source: IntakeSource): number {
    const { perPeer, perHost } = intakeLimits;
    const ownMs = this.#peers.delayMs(source.peer, perPeer);
    return Math.min(ownMs, this.#hosts.delayMs(hostOf(source), perHost));
  }
}

function hostOf({ peer, place, isExempt }: IntakeSource): string {
  return isExempt || !place ? peer : place.host;
}
