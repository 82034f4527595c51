import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { type Place, placeOf } from "./address.ts";
import { givesWay } from "./diversity.ts";
import { HostPenalties } from "./host-penalties.ts";
import type { NetworkPlaces, PeerId } from "./types.ts";

export const inboundLimits = {
  /** Open inbound connections. */
  places: 96,
  /** Enough for a household or a lab behind one router, while one machine cannot take every place. */
  placesPerHost: 32,
  /**
   * Two peers that dial each other at once have two connections for a moment, and so does a peer that returned after a
   * cut.
   */
  placesPerPeer: 2,
  /** Connections being set up. An idle socket costs little, so there are many places. */
  handshakes: 256,
  handshakesPerHost: 16,
  /**
   * A handshake and its consequences cost some 10 ms of the main thread, several times that in a process that has just
   * started. A class behind one router connects within seconds, and four addresses together use at most a tenth of the
   * thread.
   */
  ratePerHost: { requests: 24, perMs: 12_000 },
  ratePerGroup: { requests: 256, perMs: 16_000 },
  /**
   * Handshakes of a host for which there is no place. One gets in only if a person gave the peer, or if the peer is
   * back before its old connection has ended.
   */
  rateOfCrowded: { requests: 2, perMs: 16_000 },
};

type InboundLimits = typeof inboundLimits;

/** The usual limits, but with this many places for one address. There are as many for all others together as usual. */
export function inboundLimitsFor(placesPerHost: number): InboundLimits {
  const others = inboundLimits.places - inboundLimits.placesPerHost;
  return { ...inboundLimits, placesPerHost, places: Math.max(inboundLimits.places, placesPerHost + others) };
}

/** A connection below libp2p's: closing it ends everything that is built on it. */
export interface Socket {
  remoteAddr: { toString(): string };
  addEventListener(name: "close", listener: () => void): void;
  abort(error: Error): void;
}

interface Held extends Place {
  socket: Socket;
  sinceMs: number;
}

interface Open extends Held {
  peer: PeerId;
}

export interface InboundOptions {
  clock: Clock;
  /** 0 or negative. */
  score(peer: PeerId): number;
  /** A count of useful things that came from the peer recently. */
  usefulness(peer: PeerId): number;
  /** True for peers that a person gave: they are accepted even if everything is full. */
  isGiven(peer: PeerId): boolean;
  /**
   * Hosts without caps of their own: by default this machine, which may run a whole test network. Their connections
   * give way like all others.
   */
  isExempt(place: Place): boolean;
  /** A connection is refused because its address has as many as one may have. */
  onCrowded(place: Place): void;
  limits: InboundLimits;
}

export function isThisMachine({ reach }: Place): boolean {
  return reach === "loopback";
}

/**
 * Admits inbound connections in two steps, as libp2p asks. Before the handshake only the address is known, and each
 * address has a share of the places and of the time for handshakes. After the handshake the peer is known, and takes
 * one of the places for connections. When these are full, a connection of a crowded address gives way (`diversity.ts`),
 * the least useful and youngest first.
 *
 * An honest peer behind an attacker's router competes with the attacker for the places of that address. One in the same
 * /24 has an address of its own, which is less crowded than the attacker's, and gets in.
 */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #rates: RateLimiter;
  readonly #penalties: HostPenalties;
  readonly #handshakes = new Map<Socket, Held>();
  readonly #open = new Map<Socket, Open>();

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#rates = new RateLimiter(options.clock);
    this.#penalties = new HostPenalties(options.clock);
  }

  /** Called before the handshake. Returns false if the connection must be closed. */
  mayBegin(socket: Socket): boolean {
    const place = placeOf(socket.remoteAddr.toString());
    if (!place) return false;
    const { limits, isExempt, clock } = this.#options;
    if (!isExempt(place) && !this.#hasShare(place)) return false;
    if (this.#handshakes.size >= limits.handshakes) {
      const oldest = givesWay(place, [...this.#handshakes.values()], (a, b) => a.sinceMs - b.sinceMs);
      if (!oldest) return false;
      this.#end(oldest.socket);
    }
    this.#handshakes.set(socket, { ...place, socket, sinceMs: clock.now() });
    socket.addEventListener("close", () => this.#forget(socket));
    return true;
  }

  /** Called after the handshake. Returns false if the connection must be closed. */
  mayStay(socket: Socket, peer: PeerId): boolean {
    const held = this.#handshakes.get(socket);
    if (!held) return false;
    this.#handshakes.delete(socket);
    const { limits, isGiven } = this.#options;
    const same = [...this.#open.values()].filter((open) => open.peer === peer);
    if (same.length >= limits.placesPerPeer) this.#end(same[0]!.socket);
    if (!isGiven(peer)) {
      if (!this.#hasPlace(held)) return false;
      const counted = this.#counted();
      if (counted.length >= limits.places)
        this.#end(givesWay(held, counted, (a, b) => this.#worth(a, b))!.socket);
    }
    this.#open.set(socket, { ...held, peer });
    return true;
  }

  /** A peer that was connected from this multiaddr was banned, whichever side dialled. Its host gets less. */
  banned(address: string): void {
    const place = placeOf(address);
    if (place && !this.#options.isExempt(place)) this.#penalties.add(place.host);
  }

  /** The places for connections of peers that nobody gave, and the addresses that have used up their share of them. */
  get places(): Pick<NetworkPlaces, "inbound" | "crowded"> {
    const { limits, isExempt } = this.#options;
    const open = [...this.#open.values()].filter((place) => !isExempt(place));
    const byHost = Map.groupBy(open, ({ host }) => host);
    return {
      inbound: { taken: this.#counted().length, limit: limits.places },
      crowded: [...byHost].flatMap(([host, { length }]) => (length >= limits.placesPerHost ? host : [])),
    };
  }

  #hasShare(place: Place): boolean {
    const { limits } = this.#options;
    const { host, group } = place;
    if (this.#count(this.#handshakes, host) >= this.#share(place, limits.handshakesPerHost)) return false;
    if (!this.#hasPlace(place)) {
      if (this.#count(this.#open, host) >= limits.placesPerHost) this.#options.onCrowded(place);
      if (!this.#rates.take(`crowded ${host}`, limits.rateOfCrowded)) return false;
    }
    const share = this.#penalties.share(host);
    const perHost = { ...limits.ratePerHost, requests: Math.max(1, limits.ratePerHost.requests * share) };
    return this.#rates.take(host, perHost) && this.#rates.take(`group ${group}`, limits.ratePerGroup);
  }

  /** True if a new peer from there would get a place: a free one, or that of a connection that gives way. */
  #hasPlace(place: Place): boolean {
    const { limits, isExempt } = this.#options;
    if (!isExempt(place) && this.#count(this.#open, place.host) >= this.#share(place, limits.placesPerHost))
      return false;
    const counted = this.#counted();
    return counted.length < limits.places || givesWay(place, counted, () => 0) !== undefined;
  }

  /** Open connections that take one of the places. */
  #counted(): Open[] {
    return [...this.#open.values()].filter(({ peer }) => !this.#options.isGiven(peer));
  }

  #share({ host }: Place, full: number): number {
    return Math.max(1, Math.ceil(full * this.#penalties.share(host)));
  }

  #count(sockets: ReadonlyMap<Socket, Held>, host: string): number {
    let count = 0;
    for (const held of sockets.values()) if (held.host === host) count++;
    return count;
  }

  /** Misbehaving peers go first, then those that brought least, then the youngest. */
  #worth(a: Open, b: Open): number {
    const { score, usefulness } = this.#options;
    return score(a.peer) - score(b.peer) || usefulness(a.peer) - usefulness(b.peer) || b.sinceMs - a.sinceMs;
  }

  #end(socket: Socket): void {
    this.#forget(socket);
    socket.abort(new Error("another connection takes its place"));
  }

  #forget(socket: Socket): void {
    this.#handshakes.delete(socket);
    this.#open.delete(socket);
  }
}
