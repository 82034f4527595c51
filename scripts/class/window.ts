import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { defaultHttpPort } from "../../src/config/index.ts";

/**
 * Returns the path of the socket by which a node in another network namespace serves HTTP; namespaces share the file
 * system.
 */
function socketPath(folder: string, id: number): string {
  return join(folder, `${id}.sock`);
}

/** Opens the outer side at `http://127.0.0.1:<the node's usual port>`, or at any free port. */
export async function openWindow(id: number, folder: string): Promise<{ url: string }> {
  const server = forward(() => connect(socketPath(folder, id)));
  const port = await listen(server, defaultHttpPort(id)).catch(() => listen(server, 0));
  return { url: `http://127.0.0.1:${port}` };
}

/** Opens the node's side. */
export async function serveWindow(
  { id, address }: { id: number; address: string },
  folder: string,
): Promise<void> {
  const server = forward(() => connect(defaultHttpPort(id), address));
  await once(server.listen(socketPath(folder, id)), "listening");
}

async function listen(server: Server, port: number): Promise<number> {
  await once(server.listen({ port, host: "127.0.0.1", exclusive: true }), "listening");
  return (server.address() as { port: number }).port;
}

function forward(open: () => Socket): Server {
  const server = createServer((incoming) => {
    const outgoing = open();
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on("error", () => outgoing.destroy());
    outgoing.on("error", () => incoming.destroy());
  });
  // The lesson keeps the process alive, not this server.
  return server.unref();
}
