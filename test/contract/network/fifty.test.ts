import { expect, test } from "vitest";
import { wantedOutbound } from "../../../src/network/connections.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import { startNode, stop, until } from "./nodes.ts";

const count = 50;
const vanishing = 10;

/** `test/unit/network/exchange-world.test.ts` holds the time to 30 s, by a clock that no busy machine delays. */
test(`${count} nodes that all know one have enough peers, and ${vanishing} may vanish, that one among them`, async () => {
  const random = Math.random;
  const first = await startNode(1, { random });
  const others = Array.from({ length: count - 1 }, (_, n) =>
    startNode(n + 2, { random, bootstrap: first.addresses() }),
  );
  const nodes = [first, ...(await Promise.all(others))];
  for (const node of nodes) node.exchangePeers(() => true);
  const startedAt = performance.now();
  await until(() => nodes.every(hasEnough), 120_000);
  console.log(
    `${wantedOutbound} peers on all ${count} nodes after ${Math.round(performance.now() - startedAt)} ms`,
  );

  const mostConnected = nodes.slice(1).toSorted((a, b) => b.peers().length - a.peers().length);
  const gone = [first, ...mostConnected.slice(0, vanishing - 1)];
  const left = nodes.filter((node) => !gone.includes(node));
  await Promise.all(gone.map(stop));
  expect(reachedFrom(left)).toBe(left.length);
  await until(() => left.every(hasEnough), 120_000);
}, 300_000);

function hasEnough(node: LibP2pNetwork): boolean {
  return node.peers().length >= wantedOutbound;
}

/** The number of nodes that the first one reaches through others of them, in any number of steps. */
function reachedFrom(nodes: readonly LibP2pNetwork[]): number {
  const seen = new Set([nodes[0]!]);
  for (const node of seen)
    for (const { id } of node.peers()) for (const peer of nodes) if (peer.peerId === id) seen.add(peer);
  return seen.size;
}
