import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { type Place, placeOf, targetOf } from "./address.ts";

/**
 * The source of an address: the peer itself, which the handshake has proved; another peer, which has shown that the
 * first one signed it; or an answer by mDNS, which proves nothing.
 */
export interface Teller {
  by: "peer" | "exchange" | "discovery";
  /** The place that the teller is connected from, or that the answer came from. */
  place: Place;
}

/** Addresses of one peer: a machine has a few interfaces. Each dead one costs time at every attempt. */
export const maxAddresses = 8;

/** Dials to addresses that never worked: this many at once, refilled evenly over the time. */
export const toldLimits = {
  /** A few tries, then one a minute while somebody still reports the address. */
  perTarget: { requests: 5, perMs: 5 * 60_000 },
  perHost: { requests: 16, perMs: 60_000 },
  perGroup: { requests: 128, perMs: 60_000 },
  /** Peers mostly report their own place; other places belong to somebody else. */
  elsewherePerTeller: { requests: 8, perMs: 10 * 60_000 },
  elsewhere: { requests: 64, perMs: 10 * 60_000 },
  /** A whole class finds each other within a second; on the internet, multicast finds nobody. */
  byDiscovery: { requests: 256, perMs: 60_000 },
  /** A machine that runs a few nodes, each with a few addresses. */
  discoveryPerTeller: { requests: 64, perMs: 60_000 },
  publicByDiscovery: { requests: 16, perMs: 60_000 },
};

type Quota = [key: string, quota: { requests: number; perMs: number }];

/**
 * Quotas for dialling addresses that others reported. Reporting costs nothing, and the address may be a third party's:
 * without limits a stranger could use this node to scan or flood any host. Each target, host and teller therefore has a
 * quota, and addresses that cannot be meant for this node are dropped.
 */
export class Told {
  readonly #quotas: RateLimiter;

  constructor(clock: Clock) {
    this.#quotas = new RateLimiter(clock);
  }

  /** The targets among the addresses that are worth keeping. `own`: where this node itself listens. */
  usable(addresses: readonly string[], teller: Teller, own: readonly string[]): string[] {
    const targets = [...new Set(addresses.map(targetOf))].filter(
      (target) => isTcp(target) && !own.includes(target),
    );
    const places = targets.map(placeOf);
    // A machine with other addresses is reached by those; its loopback is this node's own.
    const onlyLoopback = places.every((place) => place?.reach === "loopback");
    return targets
      .filter((_, index) => {
        const place = places[index];
        if (!place) return false;
        const isOwnLoopback = place.reach === "loopback" && teller.by === "discovery";
        return mayKnow(teller.place, place) && (!isOwnLoopback || onlyLoopback);
      })
      .slice(0, maxAddresses);
  }

  /** Charges a dial to the target to its quotas; returns false if one of them is used up. */
  take(target: string, teller: Teller): boolean {
    const place = placeOf(target);
    if (!place) return false;
    const quotas = this.#of(target, place, teller);
    if (quotas.some(([key, quota]) => this.#quotas.delayMs(key, quota) > 0)) return false;
    for (const [key, quota] of quotas) this.#quotas.take(key, quota);
    return true;
  }

  #of(target: string, place: Place, teller: Teller): Quota[] {
    const quotas: Quota[] = [[`target ${target}`, toldLimits.perTarget]];
    // This machine may run a whole test network.
    if (place.reach !== "loopback") {
      quotas.push([`host ${place.host}`, toldLimits.perHost], [`group ${place.group}`, toldLimits.perGroup]);
    }
    if (teller.by === "discovery") {
      quotas.push(["discovery", toldLimits.byDiscovery]);
      if (teller.place.reach !== "loopback")
        quotas.push([`discovery ${teller.place.host}`, toldLimits.discoveryPerTeller]);
      if (place.reach === "public") quotas.push(["public", toldLimits.publicByDiscovery]);
    } else if (teller.place.host !== place.host && place.reach !== "loopback") {
      quotas.push(
        [`teller ${teller.place.host}`, toldLimits.elsewherePerTeller],
        ["elsewhere", toldLimits.elsewhere],
      );
    }
    return quotas;
  }
}

/**
 * True if one side of a connection may mean the same machine by `place` as the other. A peer on the internet knows
 * nothing of the networks that this node is in, and a neighbour nothing of this machine.
 * A link-local address says nothing of its link, and some stand for services (169.254.169.254): each machine may report
 * its own.
 */
export function mayKnow(teller: Place, place: Place): boolean {
  if (place.reach === "public" || teller.host === place.host) return true;
  if (place.reach === "private") return teller.reach !== "public";
  return place.reach === "loopback" && teller.reach === "loopback";
}

/**
 * True for an IP address and a port without relays. A name may lead to this machine, to its private networks or to
 * anybody's, and to another place at each look: only a person may give one.
 */
function isTcp(target: string): boolean {
  const match = /^\/ip[46]\/[^/]+\/tcp\/(\d+)$/.exec(target);
  return match !== null && Number(match[1]) >= 1 && Number(match[1]) <= 65_535;
}
