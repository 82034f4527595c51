import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type LinkOptions, TcpProxy } from "../../e2e/harness/tcp-proxy.ts";

/** Opens a socket to an echo server over a link. */
async function overLink(options: LinkOptions): Promise<{ link: TcpProxy; socket: Socket }> {
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(echo, "listening");
  onTestFinished(() => void echo.close());
  const { port } = echo.address() as AddressInfo;
  const link = await TcpProxy.open({ host: "127.0.0.1", port }, options);
  onTestFinished(() => link.close());
  const socket = connect({ host: "127.0.0.1", port: link.port });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return { link, socket };
}

test.each([
  ["of one delay", { delayMs: 20 }],
  ["with jitter", { delayMs: 20, jitterMs: 10 }],
])(
  "a link %s: all bytes come through in order, each way later, and the end after them",
  async (_, options) => {
    const { socket } = await overLink(options);
    const startedAt = performance.now();
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_value, index) => index % 251));
    socket.write(sent.subarray(0, 100_000));
    socket.end(sent.subarray(100_000));
    const received: Buffer[] = [];
    for await (const chunk of socket) received.push(chunk as Buffer);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    // Timers may fire a millisecond early, but the echo is never faster than the link.
    expect(performance.now() - startedAt).toBeGreaterThan(38);
  },
);

test("a link that is cut takes everything and tells nobody; one that is reset ends", async () => {
  const { link, socket } = await overLink({});
  socket.write("a");
  expect(String((await once(socket, "data"))[0])).toBe("a");
  link.cut();
  socket.write("b");
  const heard: string[] = [];
  socket.on("data", (chunk) => heard.push(String(chunk)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  link.heal();
  socket.write("c");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([heard, socket.destroyed]).toEqual([[], false]);
  link.reset();
  const [error] = await once(socket, "error");
  expect((error as NodeJS.ErrnoException).code).toBe("ECONNRESET");
});
