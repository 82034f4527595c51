import type { Connection } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { targetOf } from "./address.ts";
import type { Host } from "./host.ts";
import type { PeerId } from "./types.ts";

/** The time for a whole attempt, over all addresses of a peer. */
const dialTimeoutMs = 10_000;

/** The host's connections, by peer ids as text. */
export class Connections {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The open connections to the peer, oldest first. */
  of(peer: PeerId): Connection[] {
    return this.#host
      .getConnections(peerIdFromString(peer))
      .filter((connection) => connection.status === "open")
      .sort((a, b) => a.timeline.open - b.timeline.open);
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
