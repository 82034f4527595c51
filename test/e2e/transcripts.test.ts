import { join } from "node:path";
import { expect, test } from "vitest";
import { nobodyIsBlamed, sameChain, stopAndVerify } from "./harness/checks.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { asShown, printsAsShown } from "./harness/shown.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

interface Parameters {
  parameters: Record<"minFee" | "emptyBlockPeriodMs" | "periodMs", string | number>;
}

const parametersOf = async (node: TestNode) => (await node.get<Parameters>("/v1/status")).parameters;

test("the operators of four nodes raise the least fee, then set a period of a day by mistake, and recover", async () => {
  const world = createWorld();
  const network = await createNetwork(world, { nodes: 4, name: "devnet", periodMs: 400 });
  const { nodes } = network;
  const [first] = nodes as [TestNode];
  await startAll(network);
  await first.finalizes(1);

  await asShown(world, "ccoin propose set minFee=10 --nodeid=1");
  await asShown(world, "ccoin propose set minFee=10 --nodeid=2");
  await until("both votes are in blocks", async () => {
    await asShown(world, "ccoin propose list --nodeid=1");
    return true;
  });
  await asShown(world, "ccoin propose set minFee=10 --nodeid=3");
  await until("the vote is enacted and final", async () => {
    await asShown(world, "ccoin propose list --nodeid=1", 1);
    return true;
  });
  const { minFee } = await parametersOf(first);
  printsAsShown("curl -s http://127.0.0.1:63262/v1/status | jq .parameters.minFee", JSON.stringify(minFee));

  const day = 86_400_000;
  const set = async (parameter: "emptyBlockPeriodMs" | "periodMs") => {
    // All four: whoever has just signed must let others sign, and those vote too.
    const propose = ["propose", "set", `${parameter}=${day}`, "--force"];
    await Promise.all(nodes.map(({ id }) => world.ccoinJson([...propose, `--nodeid=${id}`])));
    await until(`${parameter} is enacted`, async () => (await parametersOf(first))[parameter] === day);
  };
  await set("emptyBlockPeriodMs");
  const refused = await asShown(world, "ccoin propose set periodMs=86400000 --nodeid=1");
  expect(refused.code).toBe(1);
  await set("periodMs");
  const { height } = await sameChain(nodes);
  for (const node of nodes) await node.finalizes(height - 1);

  for (const node of nodes) await node.stop();
  await asShown(
    world,
    "ccoin recover recovery.json --nodeid=1 --set periodMs=1000 --set emptyBlockPeriodMs=1000",
  );
  for (const node of nodes) node.start(`--recovery=${join(world.dataDir, "recovery.json")}`);
  for (const node of nodes) await node.finalizes(height);
  await until("all is well", async () => {
    await asShown(world, "ccoin status --nodeid=1", 1);
    return true;
  });
  await sameChain(nodes, { atLeast: height });
  await nobodyIsBlamed(nodes);
  await stopAndVerify(nodes);
});
