import { expect, test } from "vitest";
import { sameChain } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

test("the join line that a node prints lets another machine join without multicast", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const network = await createNetwork(world, { nodes: [await lab.machine(1)] });
  const [first] = network.nodes;
  first!.start("--no-mdns");
  const line = await until("it prints the line", () => first!.log().find(({ join }) => join)?.["join"]);
  const [, nodeId, args] = /^npm start -- --nodeid=(\d+) (.*)$/.exec(String(line))!;
  expect(args).toMatch(
    new RegExp(`^--bootstrap=${first!.multiaddr}/p2p/\\w+ --genesis=${network.genesisId}$`),
  );

  const joined = new TestNode(world, Number(nodeId), await lab.machine(2));
  joined.start(...args!.split(" "), "--no-mdns");
  await joined.ready();
  await sameChain([first!, joined], { atLeast: 2 });
  // The joined node prints a line for the next one.
  const next = await until("it prints a line too", () => joined.log().find(({ join }) => join)?.["join"]);
  expect(next).toContain(`npm start -- --nodeid=3 --bootstrap=${joined.multiaddr}/p2p/`);
});
