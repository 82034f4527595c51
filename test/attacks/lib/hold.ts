import type { Socket } from "node:net";
import { hostAndPort, openSocket } from "./http.ts";
import type { Place, Site } from "./site.ts";

/** Keeps this many connections at a node's port for HTTP, which send `first`, and then `more` each second. */
export async function hold(
  site: Site,
  place: Place,
  size: number,
  first: (host: string) => string | Uint8Array,
  more?: string,
  unread = false,
): Promise<void> {
  const { host, port } = hostAndPort(place);
  const sockets = new Array<Socket | undefined>(size).fill(undefined);
  await site.repeat(1, async () => {
    for (let slot = 0; slot < size && !site.signal.aborted; slot++) {
      const socket = sockets[slot];
      if (socket && !socket.destroyed) {
        if (more && socket.writable) socket.write(more);
        continue;
      }
      const fresh = await openSocket(host, port, site.address(slot), site.signal).catch(() => undefined);
      sockets[slot] = fresh;
      if (!fresh) continue;
      site.count("connections");
      if (unread) fresh.pause();
      else fresh.resume();
      fresh.write(first(`${host}:${port}`));
      if (slot % 20 === 19) await site.pause(20);
    }
  });
}
