import type { Connection, Stream } from "@libp2p/interface";
import { type Clock, every } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { placeOf } from "./address.ts";
import type { Host } from "./host.ts";
import { muxerOf } from "./libp2p-internals.ts";

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
function gossipStreamsTo({ streams }: Connection): Stream[] {
  return streams.filter(
    ({ direction, protocol }) => direction === "outbound" && protocol.startsWith("/meshsub/"),
  );
}

const unreadEveryMs = 1_000;
const mebibyte = 2 ** 20;

/**
 * Gossip that peers have not read yet, and other things that the multiplexer holds for them. It takes this node's
 * memory, and no protocol lets it say "later".
 */
export const unreadLimits = { perHost: 16 * mebibyte, inAll: 64 * mebibyte };

interface Unread {
  connection: Connection;
  host: string;
  bytes: number;
}

/**
 * Closes the connections with most unread gossip when all together have more than the limit, or those of one address
 * have more than its share. Their peers may connect again; they get the blocks by sync.
 */
export function watchUnreadGossip(host: Host, options: { clock: Clock; logger: Logger }): () => void {
  return every(options.clock, unreadEveryMs, () => {
    const unread = host
      .getConnections()
      .map(unreadOf)
      .filter(({ bytes }) => bytes > 0);
    const kept = new Map<string, number>();
    let total = 0;
    // The connections with the least unread gossip are kept first.
    for (const { connection, host: place, bytes } of unread.sort((a, b) => a.bytes - b.bytes)) {
      const ofHost = (kept.get(place) ?? 0) + bytes;
      if (ofHost <= unreadLimits.perHost && total + bytes <= unreadLimits.inAll) {
        kept.set(place, ofHost);
        total += bytes;
        continue;
      }
      const peer = connection.remotePeer.toString();
      options.logger.debug({ peer, bytes }, "the peer does not read its gossip: disconnecting");
      connection.abort(new Error("gossip is not read"));
    }
  });
}

function unreadOf(connection: Connection): Unread {
  // A peer that reads nothing, but enlarges the window of its stream, moves the gossip from the stream down here.
  const below = muxerOf(connection)?.maConn?.writeBufferLength ?? 0;
  const bytes = gossipStreamsTo(connection).reduce(
    (sum, { writeBufferLength }) => sum + writeBufferLength,
    below,
  );
  return { connection, host: placeOf(connection.remoteAddr.toString())?.host ?? "unknown", bytes };
}
