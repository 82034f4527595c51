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

/** A libp2p host without the node's engine, which sends what the test chooses. */
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

/** Connects, and tries again if the machine takes longer for a handshake than the node allows. */
export async function connect(peer: Libp2p, addresses: string[]): Promise<Connection> {
  const targets = addresses.map((address) => multiaddr(address));
  for (let triesLeft = 4; triesLeft > 0; triesLeft--) {
    const connection = await peer.dial(targets).catch(() => undefined);
    if (connection) return connection;
  }
  return peer.dial(targets);
}

/** Resolves to everything that arrives until the stream ends, with the error if it broke. */
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

/** Encodes a frame by the protocols' README, independently of the engine. */
export function rawFrame(payload: Uint8Array): Uint8Array {
  const head: number[] = [];
  let length = payload.length;
  do {
    head.push((length % 128) | (length >= 128 ? 0x80 : 0));
    length = Math.floor(length / 128);
  } while (length > 0);
  return new Uint8Array([...head, ...payload]);
}
