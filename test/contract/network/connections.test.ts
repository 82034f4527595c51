import { Resolver } from "node:dns/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import type { PeerId } from "../../../src/network/types.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { connect, rawPeer } from "../reqresp/raw-peer.ts";
import { advanceUntil, memoryAddressBook, startNode, startPair, stop, until } from "./nodes.ts";

const here = placeOf("/ip4/127.0.0.1/udp/5353")!;

function events(network: LibP2pNetwork): string[] {
  const seen: string[] = [];
  network.on("connected", (peer: PeerId) => seen.push(`+${peer}`));
  network.on("disconnected", (peer: PeerId) => seen.push(`-${peer}`));
  return seen;
}

const port = (network: LibP2pNetwork) => /tcp\/(\d+)/.exec(network.addresses()[0]!)![1]!;

test("reports its addresses and its peers", async () => {
  const [a, b] = await startPair();
  expect(a.addresses()[0]).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${a.peerId}$`));
  expect(a.peers()).toMatchObject([{ id: b.peerId, direction: "outbound", score: 0 }]);
  expect(b.peers()).toMatchObject([{ id: a.peerId, direction: "inbound", score: 0 }]);
  expect(a.peers()[0]!.address).toContain(port(b));
});

test("derives the peer id from the seed", async () => {
  const a = await startNode(1);
  const { peerId } = a;
  await stop(a);
  expect((await startNode(1)).peerId).toBe(peerId);
});

test("reconnects to a peer that restarts on the same port", async () => {
  const b = await startNode(2);
  const a = await startNode(1, { bootstrap: b.addresses() });
  await until(() => a.peers().length === 1);
  const seen = events(a);
  const listen = [`/ip4/127.0.0.1/tcp/${port(b)}`];
  await stop(b);
  await until(() => seen.length === 1);
  const again = await startNode(2, { listen });
  await until(() => a.peers().length === 1 && again.peers().length === 1);
  expect(seen).toEqual([`-${b.peerId}`, `+${b.peerId}`]);
});

test("finds the peers of its last run in its address book, also those that had dialled it", async () => {
  const addressBook = memoryAddressBook();
  const b = await startNode(2, { addressBook });
  const a = await startNode(1, { bootstrap: b.addresses() });
  await until(
    () => addressBook.entries.get(a.peerId)?.addresses.includes(`/ip4/127.0.0.1/tcp/${port(a)}`) ?? false,
    60_000,
  );
  await stop(b);
  const again = await startNode(2, { addressBook, listen: ["/ip4/127.0.0.1/tcp/0"] });
  await until(() => again.peers().some(({ id, direction }) => id === a.peerId && direction === "outbound"));
});

test("accepts a bootstrap address without a peer id", async () => {
  const b = await startNode(2);
  const a = await startNode(1, { bootstrap: [`/ip4/127.0.0.1/tcp/${port(b)}`] });
  await until(() => a.peers()[0]?.id === b.peerId);
});

test("finds the nodes that the TXT records of a name in /dnsaddr/ list", async () => {
  const b = await startNode(2);
  const asked = vi
    .spyOn(Resolver.prototype, "resolveTxt")
    .mockResolvedValue([["unrelated"], [`dnsaddr=${b.addresses()[0]}`]]);
  onTestFinished(() => asked.mockRestore());
  const a = await startNode(1, { bootstrap: ["/dnsaddr/nodes.example.org"] });
  await until(() => a.peers()[0]?.id === b.peerId);
  expect(asked).toHaveBeenCalledWith("_dnsaddr.nodes.example.org");
});

test("announces addresses of the operator's in front of those of its interfaces, to its peers too", async () => {
  const announce = ["/ip4/203.0.113.7/tcp/1", "/dns4/node.example.org/tcp/1"];
  const a = await startNode(1, { announce });
  expect(a.addresses()).toEqual([
    ...announce.map((address) => `${address}/p2p/${a.peerId}`),
    expect.any(String),
  ]);
  const peer = await rawPeer();
  const identified = Promise.withResolvers<string[]>();
  peer.addEventListener("peer:identify", ({ detail }) => identified.resolve(detail.listenAddrs.map(String)));
  await connect(peer, a.addresses().slice(2));
  expect((await identified.promise).slice(0, 2)).toEqual(announce);
});

test("ignores its own bootstrap address", async () => {
  const first = await startNode(1);
  const listen = [`/ip4/127.0.0.1/tcp/${port(first)}`];
  await stop(first);
  const again = await startNode(1, { listen, bootstrap: listen });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(again.peers()).toEqual([]);
});

test("the peer with the higher id waits for the other's dial when two peers discover each other", async () => {
  const clocks = [new ManualClock(), new ManualClock()] as const;
  const nodes = [await startNode(1, { clock: clocks[0] }), await startNode(2, { clock: clocks[1] })] as const;
  const [low, high] = nodes[0].peerId < nodes[1].peerId ? ([0, 1] as const) : ([1, 0] as const);
  nodes[low].discovered(nodes[high].peerId, nodes[high].addresses(), here);
  nodes[high].discovered(nodes[low].peerId, nodes[low].addresses(), here);
  await clocks[high].advance(299);
  // The pause is longer than a dial, so only a node that did not wait has connected by then.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([nodes[low].peers(), nodes[high].peers()]).toEqual([[], []]);
  await clocks[low].advance(0);
  await until(() => nodes.every((node) => node.peers().length === 1));
  await clocks[high].advance(1_000);
  expect([nodes[low].peers()[0], nodes[high].peers()[0]]).toMatchObject([
    { direction: "outbound" },
    { direction: "inbound" },
  ]);
});

test("disconnect with a time keeps the peer away that long, in both directions", async () => {
  const clock = new ManualClock();
  const [a, b] = await startPair({ clock });
  const seen = events(b);
  await b.disconnect(a.peerId, { forMs: 60_000 });
  await until(() => a.peers().length === 0 && b.peers().length === 0);
  b.discovered(a.peerId, a.addresses(), here);
  // Both dial in the meantime, for which real time passes.
  for (let step = 0; step < 5; step++) {
    await clock.advance(11_999);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(b.peers()).toEqual([]);
  await advanceUntil(clock, 1_000, () => b.peers().length === 1);
  expect(seen).toEqual([`-${a.peerId}`, `+${a.peerId}`]);
});

test("a peer of another chain is disconnected and refused, without losing score", async () => {
  const [a, b] = await startPair();
  b.penalize(a.peerId, "wrongGenesis", "test");
  await until(() => b.peers().length === 0 && a.peers().length === 0);
  const raw = await rawPeer();
  await connect(raw, b.addresses());
  await until(() => b.peers().length === 1);
});

test("a banned peer is disconnected and refused; others are not", async () => {
  const [a, b] = await startPair();
  for (let n = 0; n < 3; n++) b.penalize(a.peerId, "invalidBlock", "test");
  await until(() => b.peers().length === 0 && a.peers().length === 0);
  const c = await startNode(3, { bootstrap: b.addresses() });
  await until(() => b.peers().length === 1);
  expect(b.peers()[0]!.id).toBe(c.peerId);
});

test("reports a port in use, and an invalid multiaddr, as a clear error", async () => {
  const a = await startNode(1);
  await expect(startNode(2, { listen: [`/ip4/127.0.0.1/tcp/${port(a)}`] })).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining("choose another with --port"),
  });
  // A documentation address (RFC 5737).
  await expect(startNode(4, { listen: ["/ip4/192.0.2.1/tcp/0"] })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    message: "/ip4/192.0.2.1/tcp/0 is not an address of this machine: leave --p2p-host out to listen on all",
  });
  await expect(startNode(3, { bootstrap: ["192.168.1.1:4000"] })).rejects.toMatchObject({
    code: "BAD_MULTIADDR",
  });
});

test("counts the peers that a person gave as dialled by its own choice", async () => {
  const [a, b] = await startPair();
  const c = await startNode(3);
  c.discovered(b.peerId, b.addresses(), here);
  await until(() => c.peers().length === 1 && b.peers().length === 2);
  expect([a, b, c].map((node) => node.peers().map(({ chosen }) => chosen))).toEqual([
    [true],
    [false, false],
    [false],
  ]);
});

test("connects 12 nodes that dial one at once", async () => {
  const hub = await startNode(1);
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => startNode(index + 2, { bootstrap: hub.addresses() })),
  );
  await until(() => hub.peers().length === 12);
});

test("asks connected peers for a sign of life, by pings of the muxer", async () => {
  const clock = new ManualClock();
  const node = await startNode(1, { clock });
  const peer = await rawPeer();
  const connection = await connect(peer, node.addresses());
  const { muxer } = connection as unknown as { muxer: { handlePing(header: unknown): void } };
  const handlePing = muxer.handlePing.bind(muxer);
  let pings = 0;
  muxer.handlePing = (header) => {
    pings++;
    handlePing(header);
  };
  // The muxer itself may send the first one, when the connection is made.
  await advanceUntil(clock, 100, () => pings >= 3);
  expect(node.peers()).toHaveLength(1);
});
