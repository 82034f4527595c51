import { connect as connectSocket, type Socket } from "node:net";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { afterEach, expect, test } from "vitest";
import { handshakeTimeoutMs } from "../../../src/network/host.ts";
import { inboundLimits } from "../../../src/network/inbound.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import { startNode, until } from "./nodes.ts";

const peers = new Set<Libp2p>();
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all([...peers].map((peer) => peer.stop()));
  peers.clear();
});

/** Connects a peer from an address of this machine that stands for another machine. */
async function connectFrom(localAddress: string, node: LibP2pNetwork): Promise<Libp2p> {
  const peer = await createLibp2p({
    transports: [tcp({ dialOpts: { localAddress } as never })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  peers.add(peer);
  await peer.dial(multiaddr(node.addresses()[0]!)).catch(() => undefined);
  return peer;
}

function idleSocket(localAddress: string, node: LibP2pNetwork): Socket {
  const port = Number(/tcp\/(\d+)/.exec(node.addresses()[0]!)![1]);
  const socket = connectSocket({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => undefined);
  sockets.add(socket);
  return socket;
}

const from = (node: LibP2pNetwork, ip: string) =>
  node.peers().filter(({ address }) => address.includes(`/${ip}/`)).length;
const limited = { isExempt: () => false };

test("when four addresses hold all places, a peer from a fifth gets in", async () => {
  const places = 12;
  const node = await startNode(1, { ...limited, inboundLimits: { ...inboundLimits, places } });
  for (let n = 0; n < 20; n++) await connectFrom(`127.0.0.${2 + (n % 4)}`, node);
  await until(() => node.peers().length === places);
  const honest = await connectFrom("127.0.0.9", node);
  await until(() => from(node, "127.0.0.9") === 1 && node.peers().length === places);
  for (let n = 0; n < 8; n++) await connectFrom(`127.0.0.${2 + (n % 4)}`, node);
  expect(honest.getConnections().length).toBe(1);
  expect(from(node, "127.0.0.9")).toBe(1);
});

test("80 idle sockets of one address keep no peer out, and are closed after the handshake time-out", async () => {
  const node = await startNode(1, limited);
  const idle = Array.from({ length: 80 }, () => idleSocket("127.0.0.2", node));
  const open = () => idle.filter(({ readyState }) => readyState === "open").length;
  await until(() => open() <= inboundLimits.handshakesPerHost);
  // The peer dials only once, so a node without a place for it will not have it later.
  await connectFrom("127.0.0.3", node);
  await until(() => from(node, "127.0.0.3") === 1);
  await until(() => open() === 0, 4 * handshakeTimeoutMs);
});

test("new ids from the address of banned peers get fewer places; their neighbours do not", async () => {
  const node = await startNode(1, { ...limited, inboundLimits: { ...inboundLimits, placesPerHost: 8 } });
  for (let n = 0; n < 3; n++) {
    const peer = await connectFrom("127.0.0.2", node);
    await until(() => from(node, "127.0.0.2") === 1);
    for (let times = 0; times < 3; times++) node.penalize(peer.peerId.toString(), "invalidBlock", "test");
    await until(() => from(node, "127.0.0.2") === 0);
  }
  for (let n = 0; n < 4; n++) await connectFrom("127.0.0.2", node);
  for (let n = 0; n < 4; n++) await connectFrom("127.0.0.3", node);
  await until(() => from(node, "127.0.0.3") === 4);
  expect(from(node, "127.0.0.2")).toBeLessThanOrEqual(2);
});
