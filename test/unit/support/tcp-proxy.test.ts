import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openDelayedLink } from "../../bench/lib/delayed-link.ts";

test("all bytes come through in order, each way later, and the end after them", async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(echo, "listening");
  onTestFinished(() => void echo.close());
  const { port } = echo.address() as AddressInfo;
  const link = await openDelayedLink({ host: "127.0.0.1", port }, 20);
  onTestFinished(() => link.close());
  const socket = connect({ host: "127.0.0.1", port: link.port });
  const startedAt = performance.now();
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  socket.write(sent.subarray(0, 100_000));
  socket.end(sent.subarray(100_000));
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk as Buffer);
  expect(Buffer.concat(received).equals(sent)).toBe(true);
  // Timers may be a millisecond early; never faster than the link.
  expect(performance.now() - startedAt).toBeGreaterThan(38);
});
