import type { Connection, PeerId as Libp2pPeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { type Place, placeOf, targetOf } from "./address.ts";
import type { Host } from "./host.ts";
import type { PeerId } from "./types.ts";

/** The time for a whole attempt, over all addresses of a peer. */
const dialTimeoutMs = 10_000;

/** The host's connections, by peer ids as text. */
export class Connections {
  readonly #host: Host;
  /** The decoded ids of connected peers: decoding one takes longer than everything else that is done per peer. */
  readonly #ids = new Map<PeerId, Libp2pPeerId>();

  constructor(host: Host) {
    this.#host = host;
    host.addEventListener("peer:connect", ({ detail }) => this.#ids.set(detail.toString(), detail));
    host.addEventListener("peer:disconnect", ({ detail }) => this.#ids.delete(detail.toString()));
  }

  /** The open connections to the peer, oldest first. */
  of(peer: PeerId): Connection[] {
    return openOf(this.#host.getConnections(this.#ids.get(peer) ?? peerIdFromString(peer)));
  }

  /** The connection to use for each connected peer. Many callers ask for this list, some for each message. */
  byPeer(): Map<PeerId, Connection> {
    const newest = new Map<PeerId, Connection>();
    for (const connection of openOf(this.#host.getConnections()))
      newest.set(connection.remotePeer.toString(), connection);
    return newest;
  }

  /** The multiaddrs of the open connections to the peer. */
  addresses(peer: PeerId): string[] {
    return this.of(peer).map(({ remoteAddr }) => remoteAddr.toString());
  }

  /** The multiaddrs of the connections that the node dialled, without those to peers for which `isGiven` is true. */
  dialled(isGiven: (peer: PeerId) => boolean): string[] {
    return this.#host.getConnections().flatMap(({ direction, remotePeer, remoteAddr }) => {
      return direction === "outbound" && !isGiven(remotePeer.toString()) ? remoteAddr.toString() : [];
    });
  }

  /** The addresses on which this node listens, without its id. */
  ownTargets(): string[] {
    return this.#host.getMultiaddrs().map((address) => targetOf(address.toString()));
  }

  /** Resolves to the peer that was reached. */
  async dial(addresses: string[], id: PeerId | undefined): Promise<PeerId> {
    const own = this.ownTargets();
    if (addresses.every((address) => own.includes(address)) && id === undefined)
      return this.#host.peerId.toString();
    const targets = addresses.map((address) =>
      multiaddr(id === undefined ? address : `${address}/p2p/${id}`),
    );
    const connection = await this.#host.dial(targets, { signal: AbortSignal.timeout(dialTimeoutMs) });
    return connection.remotePeer.toString();
  }

  async close(peer: PeerId): Promise<void> {
    await Promise.all(
      this.of(peer).map((connection) => connection.close().catch((error) => connection.abort(error))),
    );
  }
}

function openOf(connections: readonly Connection[]): Connection[] {
  return connections
    .filter(({ status }) => status === "open")
    .sort((a, b) => a.timeline.open - b.timeline.open);
}

/** Connections that the node dials. Peers given by a person are extra. */
export const maxOutbound = 32;
/**
 * Places for peers of the node's own choice, which worked in an earlier run: others may report any number of new ones.
 */
export const keptOutbound = 12;
/** While a node has fewer, it asks its peers for others. A network of such nodes stays one when any of them vanish. */
export const wantedOutbound = 8;
/** One machine, or one router, must not take all places. */
export const maxPerHost = 4;
/** A public /24 usually has one owner; a private one is a LAN. */
const maxPerPublicGroup = 4;

/**
 * True if one more peer may be dialled at the addresses. `chosen`: the node knows it from an earlier run. `open`:
 * multiaddrs of the dialled connections, also of those being dialled, without those that a person gave.
 */
export function hasRoomFor(
  peer: { addresses: readonly string[]; chosen: boolean },
  open: readonly string[],
): boolean {
  if (open.length >= (peer.chosen ? maxOutbound : maxOutbound - keptOutbound)) return false;
  const places = open.map(placeOf);
  return peer.addresses.some((address) => {
    const place = placeOf(address);
    if (!place) return false;
    if (place.reach === "loopback") return true;
    const count = (matches: (other: Place) => boolean) =>
      places.filter((other) => other && matches(other)).length;
    return (
      count(({ host }) => host === place.host) < maxPerHost &&
      (place.reach !== "public" || count(({ group }) => group === place.group) < maxPerPublicGroup)
    );
  });
}
