import type { Server, Socket } from "node:net";
import { type Holding, holder, Shares, thisMachine } from "./shares.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** Node.js counts a connection until it is closed, which takes a moment. */
const beingClosed = 256;

/**
 * Shares out the places for connections: one of the most crowded address gives way to a less crowded one. A trusted
 * proxy's connections are those of many clients, and give way to nobody.
 */
export function shareConnections(
  server: Server,
  maxConnections: number,
  proxies: Pick<TrustedProxies, "has">,
): void {
  const shares = new Shares(maxConnections);
  server.maxConnections = maxConnections + beingClosed;
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const holding: Holding = {
      client: proxies.has(address) ? thisMachine : holder(address),
      size: 0,
      mayDrop: () => true,
      drop: () => socket.destroy(),
    };
    if (!shares.grow(holding, 1)) {
      socket.destroy();
      return;
    }
    socket.once("close", () => shares.release(holding));
  });
}
