import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { TcpProxy } from "../../e2e/harness/tcp-proxy.ts";
import { median } from "./statistics.ts";

const pings = 20;

/** Measures the median round trip of a byte to a TCP echo over links of this delay. */
export async function roundTripMs(delayMs: number): Promise<number> {
  const echo = createServer({ noDelay: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(echo, "listening");
  const { port } = echo.address() as AddressInfo;
  const link =
    delayMs > 0 ? await TcpProxy.open({ host: "127.0.0.1", port }, { delayMs }) : { port, close() {} };
  const socket = connect({ host: "127.0.0.1", port: link.port, noDelay: true });
  try {
    const times: number[] = [];
    for (let ping = 0; ping < pings; ping++) {
      const startedAt = performance.now();
      socket.write("p");
      await once(socket, "data");
      times.push(performance.now() - startedAt);
    }
    return median(times);
  } finally {
    socket.destroy();
    link.close();
    echo.close();
  }
}
