import { expect, test } from "vitest";
import { buildChain } from "./harness/build-chain.ts";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { createNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { createWorld } from "./harness/world.ts";

const blocks = Number(process.env["E2E_BLOCKS"] ?? 2_000);
const periodMs = 500;

test(`a node with no data that joins ${blocks} blocks late reaches the head`, async () => {
  const world = createWorld();
  // The last block has a timestamp shortly before now.
  const now = Date.now() - (blocks + 60) * periodMs;
  const network = await createNetwork(world, { nodes: 1, periodMs, now });
  await buildChain(network, blocks);
  const first = network.nodes[0]!.start();
  await first.ready();
  await first.height(blocks);

  const late = new TestNode(world, 2).start("--genesis", network.genesisId);
  const startedAt = performance.now();
  await late.height(blocks, 60_000);
  const headMs = performance.now() - startedAt;
  await late.ready();
  await late.logs("downloaded");
  // There is one download unless the machine stalls.
  const downloads = late.log().filter(({ msg }) => msg.startsWith("downloaded"));
  const total = (field: string) => downloads.reduce((sum, line) => sum + Number(line[field]), 0);
  expect(total("blocks")).toBeGreaterThanOrEqual(blocks);
  console.log(
    `${blocks} blocks late: at the head ${(headMs / 1000).toFixed(2)} s after the start, ${total("seconds").toFixed(1)} s of it download`,
  );
  await sameChain([first, late], { atLeast: blocks + 2 });
  await stopAndVerify([first, late]);
});
