import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Host } from "./host.ts";

const everyMs = 5_000;
/** The time for identify and the first stream of a new connection. */
const graceMs = 15_000;

/**
 * gossipsub opens its stream to a peer once for each connection. If that stream breaks (because the peer reads too
 * slowly, or it was on the older of two connections), nothing is ever sent to the peer again. This closes such
 * connections, and the dialler makes new ones.
 */
export function watchGossipStreams(host: Host, options: { clock: Clock; logger: Logger }): () => void {
  const check = () => {
    cancel = options.clock.after(everyMs, check);
    for (const peer of host.getPeers()) {
      const connections = host.getConnections(peer);
      if (connections.some((connection) => options.clock.now() - connection.timeline.open < graceMs))
        continue;
      const sends = connections.some((connection) =>
        connection.streams.some(
          (stream) => stream.direction === "outbound" && stream.protocol.startsWith("/meshsub/"),
        ),
      );
      if (sends) continue;
      options.logger.debug({ peer: peer.toString() }, "no gossip reaches the peer: reconnecting");
      for (const connection of connections) {
        connection.close().catch((error) => {
          options.logger.debug({ peer: peer.toString(), error: messageOf(error) }, "closing failed");
        });
      }
    }
  };
  let cancel = options.clock.after(everyMs, check);
  return () => cancel();
}
