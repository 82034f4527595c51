import { Socket } from "node:net";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { expect, onTestFinished, test, vi } from "vitest";
import { Intake } from "../../../src/network/intake.ts";
import { Muxers } from "../../../src/network/muxer.ts";
import { ManualClock } from "../support/clock.ts";

const protocol = "/test/echo/1";

/** A host with Noise and yamux of the node, or with those of the libraries as they are. */
async function host(kind: "own" | "plain") {
  const clock = new ManualClock();
  const muxers = new Muxers({ intake: new Intake(clock), clock });
  const created = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [kind === "own" ? muxers.encrypter() : noise()],
    streamMuxers: [kind === "own" ? muxers.factory({}) : yamux()],
  });
  onTestFinished(() => created.stop());
  await created.handle(protocol, (stream) => {
    stream.addEventListener("message", ({ data }) => stream.send(data));
  });
  return created;
}

/** Sends bytes to a host that echoes them, and resolves to what comes back. */
async function echo(from: Awaited<ReturnType<typeof host>>, to: typeof from, bytes: Uint8Array) {
  const stream = await from.dialProtocol(to.getMultiaddrs(), protocol);
  const { promise, resolve } = Promise.withResolvers<void>();
  const pieces: Uint8Array[] = [];
  let missing = bytes.length;
  stream.addEventListener("message", ({ data }) => {
    pieces.push(data.subarray());
    missing -= data.byteLength;
    if (missing <= 0) resolve();
  });
  stream.send(bytes);
  await promise;
  await stream.close();
  return Buffer.concat(pieces);
}

const large = Buffer.alloc(300_000, "ccoin");

test.each([
  ["own", "plain"],
  ["plain", "own"],
  ["own", "own"],
] as const)("a host with %s encryption understands one with %s encryption", async (a, b) => {
  const [from, to] = [await host(a), await host(b)];
  expect(large.equals(await echo(from, to, large))).toBe(true);
});

test("the length of a message of Noise is no packet of its own", async () => {
  const [from, to] = [await host("own"), await host("own")];
  await from.dial(to.getMultiaddrs());
  const sizes: number[] = [];
  const { write } = Socket.prototype;
  const spy = vi.spyOn(Socket.prototype, "write").mockImplementation(function (this: Socket, data: unknown) {
    sizes.push((data as Uint8Array).length);
    return write.call(this, data as Uint8Array);
  } as typeof write);
  onTestFinished(() => spy.mockRestore());
  expect(large.equals(await echo(from, to, large))).toBe(true);
  expect(Math.min(...sizes)).toBeGreaterThan(2);
  // No more than one message at a time, whose sender waits until it is read.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2 + 0xffff);
});
