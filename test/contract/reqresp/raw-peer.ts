import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { afterEach } from "vitest";

const running = new Set<Libp2p>();

afterEach(async () => {
  await Promise.all([...running].map((peer) => peer.stop()));
  running.clear();
});

/** libp2p without the node's engine: what it sends is up to the test. */
export async function rawPeer(): Promise<Libp2p> {
  const peer = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  running.add(peer);
  return peer;
}

/** Tries again where the machine takes longer for a handshake than a node gives it. */
export async function connect(peer: Libp2p, addresses: string[]): Promise<Connection> {
  const targets = addresses.map((address) => multiaddr(address));
  for (let triesLeft = 4; triesLeft > 0; triesLeft--) {
    const connection = await peer.dial(targets).catch(() => undefined);
    if (connection) return connection;
  }
  return peer.dial(targets);
}

/** Everything that comes until the stream ends, or the reason why it broke. */
export function readAll(stream: Stream): Promise<{ bytes: Uint8Array; error?: Error }> {
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    const done = (error?: Error) =>
      resolve({ bytes: new Uint8Array(Buffer.concat(parts)), ...(error ? { error } : {}) });
    stream.addEventListener("message", (event) => parts.push(event.data.subarray()));
    stream.addEventListener("remoteCloseWrite", () => setTimeout(() => done(), 0));
    stream.addEventListener("close", (event) => done(event.error));
  });
}

/** A frame as the protocol's README describes it, written apart from the engine. */
export function rawFrame(payload: Uint8Array): Uint8Array {
  const head: number[] = [];
  let length = payload.length;
  do {
    head.push((length % 128) | (length >= 128 ? 0x80 : 0));
    length = Math.floor(length / 128);
  } while (length > 0);
  return new Uint8Array([...head, ...payload]);
}
