import { join } from "node:path";
import { expect, test } from "vitest";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { createWorld } from "./harness/world.ts";

test("a stranger on the LAN of a closed network connects with none of its nodes, however it tries", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const machines = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
  const { nodes } = await createNetwork(world, { nodes: machines.slice(0, 2) });
  const key = join(world.dataDir, "network.key");
  await world.ccoinJson(["network-key", "-o", key]);
  for (const node of nodes) node.start(`--network-key-file=${key}`);
  const stranger = new TestNode(world, 9, machines[2]);
  stranger.start(`--bootstrap=${nodes[0]!.multiaddr}`);
  for (const node of nodes)
    await node.until(`node ${node.id} has the other`, ({ mode, peers }) => mode === "ready" && peers === 1);
  await stranger.logs("a node that was given is not reached");
  expect(await stranger.status()).toMatchObject({ peers: 0, genesisId: null });
  for (const node of nodes) expect((await node.status()).peers).toBe(1);
  await sameChain(nodes, { atLeast: 2 });
  await stopAndVerify(nodes);
});
