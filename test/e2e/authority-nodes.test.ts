import { expect, test } from "vitest";
import { createNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

test("nodes say whose they are, and an anonymous one does not", { timeout: 120_000 }, async () => {
  const world = createWorld();
  const { nodes, wallets } = await createNetwork(world, { nodes: 2 });
  const [named, anonymous] = nodes as [TestNode, TestNode];
  const reader = new TestNode(world, 3);
  named.start("--no-mdns");
  anonymous.start("--no-mdns", "--anonymous", "--bootstrap", named.multiaddr);
  reader.start("--no-mdns", "--bootstrap", named.multiaddr, "--bootstrap", anonymous.multiaddr);
  const [{ peerId }, { peerId: hidden }] = [await named.ready(), await anonymous.ready()];
  const seen = async (node: TestNode) =>
    Object.fromEntries((await node.peers()).map(({ id, authority }) => [id, authority]));
  const { address } = wallets[0]!;
  for (const node of [anonymous, reader])
    await until(`node ${node.id} knows whose node 1 is`, async () => (await seen(node))[peerId] === address, {
      timeoutMs: 60_000,
    });
  expect((await seen(reader))[hidden]).toBeNull();
  for (const authority of Object.values(await seen(named))) expect(authority).toBeNull();
});
