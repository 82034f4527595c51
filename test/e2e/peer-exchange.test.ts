import { expect, test } from "vitest";
import { nobodyIsBlamed, sameChain, stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { createWorld } from "./harness/world.ts";

test("three authorities keep finalizing after the only node they knew is killed", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const machines = await Promise.all(([1, 1, 2, 2] as const).map((side) => lab.machine(side)));
  const { nodes } = await createNetwork(world, { nodes: machines });
  const [first, ...others] = nodes;
  first!.start("--no-mdns");
  for (const node of others) node.start("--no-mdns", `--bootstrap=${first!.multiaddr}`);
  for (const node of nodes)
    await node.until(`node ${node.id} has all peers`, ({ mode, peers }) => mode === "ready" && peers >= 3);
  await first!.kill();
  const { finalized } = await others[0]!.status();
  for (const node of others) await node.finalizes(finalized!.height + 2);
  for (const node of others) expect((await node.status()).peers).toBe(2);
  await sameChain(others, { atLeast: finalized!.height });
  await nobodyIsBlamed(others);
  await stopAndVerify(others);
});
