import { createServer } from "node:net";
import { defaultHttpPort, defaultP2pPort } from "../../src/config/index.ts";

/** Checks the ports of the nodes 1 to `count`. @throws if one is taken */
export async function checkPorts(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const ports = ids.flatMap((id) => [defaultP2pPort(id), defaultHttpPort(id)]);
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(", ")} are`;
  throw new Error(`${which} in use: is another devnet or node running? Stop it first`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
