import { expect, test } from "vitest";
import { peers, ToldPeer } from "../../../protocols/index.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import { wantedOutbound } from "../../../src/network/outbound.ts";
import { exchangeLimits } from "../../../src/network/peer-exchange.ts";
import { signRecord } from "../../unit/network/sign-record.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { rawFrame, rawPeer } from "../reqresp/raw-peer.ts";
import { advanceUntil, startNode, stop, until } from "./nodes.ts";

/** The time that the promise of issue and README allows for finding peers. */
const foundWithinMs = 30_000;

/** Starts nodes of one chain that know the first one alone. */
async function startStar(count: number): Promise<LibP2pNetwork[]> {
  const random = Math.random;
  const hub = await startNode(1, { random });
  const nodes = [hub];
  for (let n = 2; n <= count; n++)
    nodes.push(await startNode(n, { random, bootstrap: hub.addresses().slice(0, 1) }));
  for (const node of nodes) node.exchangePeers(() => true);
  return nodes;
}

/** The peers that can be reached from the first node, in any number of steps. */
function reached(nodes: readonly LibP2pNetwork[]): Set<string> {
  const byId = new Map(nodes.map((node) => [node.peerId, node]));
  const seen = new Set([nodes[0]!.peerId]);
  for (const id of seen) for (const peer of byId.get(id)?.peers() ?? []) if (byId.has(peer.id)) seen.add(peer.id);
  return seen;
}

test("four nodes of which three know only the first are connected with each other, also when the first is gone", async () => {
  const [first, ...others] = await startStar(4);
  await until(() => others.every((node) => node.peers().length === 3), foundWithinMs);
  await stop(first!);
  await until(() => others.every((node) => node.peers().length === 2));
  expect(reached(others).size).toBe(3);
});

test("50 nodes that all know one have enough peers within 30 s, and any 10 may vanish", async () => {
  const nodes = await startStar(50);
  await until(() => nodes.every((node) => node.peers().length > wantedOutbound), foundWithinMs);
  const [gone, left] = [nodes.slice(0, 10), nodes.slice(10)];
  await Promise.all(gone.map(stop));
  await until(() => left.every((node) => node.peers().length > 0));
  expect(reached(left).size).toBe(left.length);
});

const forged = await signRecord(7, ["/ip4/127.0.0.1/tcp/1"], 1n, 8);
const signed = await Promise.all(
  Array.from({ length: peers.maxChunks + 1 }, (_, n) => signRecord(100 + n, ["/ip4/127.0.0.1/tcp/1"])),
);
test.each([
  ["a forged record", [forged]],
  ["10,000 records", Array.from({ length: 10_000 }, (_, n) => signed[n % signed.length]!)],
])("%s in an answer cost the teller its score", async (_lie, records) => {
  const liar = await rawPeer();
  const frames = records.map(({ envelope }) =>
    rawFrame(new Uint8Array([0, ...ToldPeer.serialize({ record: envelope, addresses: [0] })])),
  );
  await liar.handle(peers.id, (stream) => {
    stream.addEventListener("message", () => stream.send(new Uint8Array(Buffer.concat(frames))), { once: true });
  });
  const clock = new ManualClock();
  const node = await startNode(1, { clock, bootstrap: liar.getMultiaddrs().map(String) });
  await advanceUntil(clock, 300, () => node.peers().length === 1);
  node.exchangePeers(() => true);
  await clock.advance(exchangeLimits.everyMs);
  await until(() => node.peers()[0]?.score === -55);
});
