import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP port whose connections go on to another, each byte `delayMs` later, both ways. */
export interface DelayedLink {
  port: number;
  close(): void;
}

export async function openDelayedLink(
  target: { host: string; port: number },
  delayMs: number,
): Promise<DelayedLink> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ ...target, noDelay: true, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    forward(near, far, delayMs);
    forward(far, near, delayMs);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Timers of one delay fire in the order in which they were set. */
function forward(from: Socket, to: Socket, delayMs: number): void {
  const later = (action: () => void) => setTimeout(() => !to.destroyed && action(), delayMs);
  from.on("data", (chunk) => later(() => to.write(chunk)));
  from.on("end", () => later(() => to.end()));
  from.on("error", () => to.destroy());
  from.on("close", () => later(() => to.destroy()));
}
