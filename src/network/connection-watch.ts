import type { Connection } from "@libp2p/interface";
import { inBackground } from "../util/background.ts";
import { type Clock, every } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Host } from "./host.ts";
import { muxerOf } from "./libp2p-internals.ts";

export const everyMs = 5_000;
/** A node may be busy for some seconds, with large blocks on a small machine. */
export const pongTimeoutMs = 8_000;
/** After this node itself was busy or suspended, what arrived meanwhile is read only after the timers have run. */
const graceMs = 200;

/**
 * Detects peers that disappeared without closing: aborts the connections on which no answer comes to yamux's ping. That
 * takes 12 bytes each way. libp2p's own monitor opens a stream for each ping, which costs both sides a millisecond or
 * two, and with a hundred strangers connected, a tenth of a second at once.
 */
export function watchConnections(
  host: Pick<Host, "getConnections">,
  { clock, logger }: { clock: Clock; logger: Logger },
): () => void {
  const asked = new Map<Connection, () => void>();
  const ask = async (connection: Connection) => {
    const muxer = muxerOf(connection);
    if (!muxer) return;
    const timeout = new AbortController();
    let cancel = clock.after(pongTimeoutMs, () => {
      cancel = clock.after(graceMs, () => timeout.abort());
    });
    asked.set(connection, () => cancel());
    try {
      await muxer.ping({ signal: timeout.signal });
    } catch (error) {
      logger.debug(
        { peer: connection.remotePeer.toString(), error: messageOf(error) },
        "no answer to a ping",
      );
      connection.abort(new Error("no answer to a ping", { cause: error }));
    } finally {
      cancel();
      asked.delete(connection);
    }
  };
  const stop = every(clock, everyMs, () => {
    for (const connection of host.getConnections()) {
      if (connection.status === "open" && !asked.has(connection)) inBackground(ask(connection));
    }
  });
  return () => {
    stop();
    for (const cancel of asked.values()) cancel();
  };
}
