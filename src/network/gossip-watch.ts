import type { Connection, Stream } from "@libp2p/interface";
import { type Clock, every } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Host } from "./host.ts";

export const everyMs = 5_000;
/** The time for identify and the first stream of a new connection. */
export const graceMs = 15_000;

/**
 * gossipsub opens its stream to a peer once for each connection. If that stream breaks (because the peer reads too
 * slowly, or it was on the older of two connections), nothing is ever sent to the peer again. This closes such
 * connections, and the dialler makes new ones.
 */
export function watchGossipStreams(host: Host, options: { clock: Clock; logger: Logger }): () => void {
  return every(options.clock, everyMs, () => {
    for (const peer of host.getPeers()) {
      const connections = host.getConnections(peer);
      if (connections.some((connection) => options.clock.now() - connection.timeline.open < graceMs))
        continue;
      if (connections.some((connection) => gossipStreamsTo(connection).length > 0)) continue;
      options.logger.debug({ peer: peer.toString() }, "no gossip reaches the peer: reconnecting");
      for (const connection of connections) {
        connection.close().catch((error) => {
          options.logger.debug({ peer: peer.toString(), error: messageOf(error) }, "closing failed");
        });
      }
    }
  });
}

/** The streams on which this node sends gossip. */
export function gossipStreamsTo({ streams }: Connection): Stream[] {
  return streams.filter(
    ({ direction, protocol }) => direction === "outbound" && protocol.startsWith("/meshsub/"),
  );
}
