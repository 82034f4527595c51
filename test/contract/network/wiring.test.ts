import { expect, onTestFinished, test, vi } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import { keptOutbound, maxOutbound } from "../../../src/network/connections.ts";
import { rpcLimits } from "../../../src/network/gossip-guard.ts";
import { control, rpc } from "../../attacks/lib/wire.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { connect, rawPeer } from "../reqresp/raw-peer.ts";
import { advanceUntil, startNode, until } from "./nodes.ts";

/* Parts that have tests of their own, and that nothing would miss if the network did not use them. */

test("an RPC of gossip above the limits bans its sender before gossipsub sees it", async () => {
  const node = await startNode(1, { clock: new ManualClock() });
  const peer = await rawPeer();
  const stream = await (await connect(peer, node.addresses())).newStream("/meshsub/1.2.0");
  const iwants = (count: number) => rpc(control("iwant", new Array(count).fill(new Uint8Array())));
  stream.send(iwants(rpcLimits.controlMessages));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(node.peers()).toMatchObject([{ score: 0 }]);
  stream.send(iwants(rpcLimits.controlMessages + 1));
  await until(() => node.peers().length === 0);
  await connect(peer, node.addresses()).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(node.peers()).toEqual([]);
});

test("deletes what libp2p keeps of a peer after the peer has left", async () => {
  const clock = new ManualClock();
  const node = await startNode(1, { clock });
  const peer = await rawPeer();
  const deleted = vi.spyOn(Object.getPrototypeOf(peer.peerStore), "delete");
  onTestFinished(() => deleted.mockRestore());
  await connect(peer, node.addresses());
  await until(() => node.peers().length === 1);
  await peer.stop();
  await until(() => node.peers().length === 0);
  await advanceUntil(clock, 10_000, () =>
    deleted.mock.calls.some(([id]) => String(id) === String(peer.peerId)),
  );
});

test("dials peers that it was told of only as far as there is room beside those of its own choice", async () => {
  const room = maxOutbound - keptOutbound;
  const node = await startNode(1);
  const peers = await Promise.all(Array.from({ length: room + 3 }, () => rawPeer()));
  const place = placeOf("/ip4/127.0.0.1/udp/5353")!;
  for (const peer of peers) node.discovered(peer.peerId.toString(), peer.getMultiaddrs().map(String), place);
  await until(() => node.peers().length >= room);
  // The others would have taken this long.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(node.peers()).toHaveLength(room);
});
