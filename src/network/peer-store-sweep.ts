import { type Clock, every } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Host } from "./host.ts";

const everyMs = 10_000;

/**
 * libp2p's peer store keeps what every peer reported that ever connected or that discovery named. This deletes peers
 * that are not connected; the dialler has the addresses that are worth keeping. A peer is deleted at the second look,
 * since libp2p reads its entry once more when it disconnects.
 */
export function sweepPeerStore(
  host: Pick<Host, "peerStore" | "getConnections">,
  options: { clock: Clock; logger: Logger },
): () => void {
  let seen = new Set<string>();
  let stopped = false;
  const sweep = async () => {
    const idle = new Set<string>();
    for (const { id } of await host.peerStore.all()) {
      if (stopped) return;
      if (host.getConnections(id).length > 0) continue;
      if (seen.has(id.toString())) await host.peerStore.delete(id);
      else idle.add(id.toString());
    }
    seen = idle;
  };
  const stop = every(options.clock, everyMs, () => {
    sweep().catch((error) => {
      if (!stopped) options.logger.debug({ error: messageOf(error) }, "the peer store was not swept");
    });
  });
  return () => {
    stopped = true;
    stop();
  };
}
