import { expect, test } from "vitest";
import { silentLogger } from "../../src/util/logger.ts";
import { startNode } from "../contract/network/nodes.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const count = 40;
const usualLimit = 32;
/** The address of this process for the machines of a lab, like that of a router for all nodes behind it. */
const address = "10.77.1.1";
const crowded = "this address has as many connections as one may have";

test(`${count} nodes behind one address have places if the operator says so; otherwise both sides are told`, async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const { nodes } = await createNetwork(world, { nodes: [await lab.machine(1)] });
  const node = nodes[0]!.start("--no-mdns");
  await node.ready();
  const told = new Set<number>();
  await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const logger = { ...silentLogger, warn: () => told.add(n) } as never;
      return startNode(n + 1, { bootstrap: [node.multiaddr], logger, random: Math.random });
    }),
  );
  await node.logs(crowded, { address });
  await until("the nodes without a place are told", () => told.size >= count - usualLimit);
  await node.until("all places are taken", ({ peers }) => peers === usualLimit);
  const { findings } = await node.diagnosis();
  expect(findings.find(({ code }) => code === "CROWDED_ADDRESS")?.detail).toContain(address);

  await node.stop();
  node.start("--no-mdns", "--max-per-address=100");
  await node.until("it has all", ({ peers }) => peers === count);
  expect(node.timesLogged(crowded)).toBe(0);
});
