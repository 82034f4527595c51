import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { balancesAtHead, includedOnce, sameChain, stopAndVerify, totalIsRight } from "./harness/checks.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { createRandom, seed, shuffled } from "./harness/random.ts";
import { Traffic } from "./harness/traffic.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

test("nodes that are killed in turn during transfers lose nothing: the others continue, and each returns and makes blocks", async () => {
  const random = createRandom();
  const network = await createNetwork(createWorld(), { nodes: 3, periodMs: 400 });
  const { nodes } = network;
  await startAll(network);
  const traffic = new Traffic(network);
  console.log(`seed ${seed}`);

  for (const killed of shuffled(nodes, random)) {
    const others = nodes.filter((node) => node !== killed);
    // The kill falls anywhere between two blocks.
    await sleep(random() * 800);
    await killed.kill();
    const { head } = await others[0]!.status();
    // Two of three authorities take turns.
    for (const node of others) await node.height(head!.height + 3);

    // The node is killed once more while it starts.
    killed.start();
    await sleep(random() * 1_500);
    await killed.kill();
    killed.start();
    const { address } = await killed.ready();
    const back = await sameChain(nodes, { atLeast: head!.height + 3 });
    await until(`node ${killed.id} mines again`, () => minedAbove(others[0]!, address, back.height));
  }

  await traffic.stop();
  expect(traffic.accepted.size).toBeGreaterThan(30);
  await includedOnce(nodes, traffic.accepted);
  await sameChain(nodes);
  for (const node of nodes) await totalIsRight(network, node);
  const { balances } = await balancesAtHead(nodes[0]!, network);
  expect(balances).not.toContain(1_000_000n);
  for (const node of nodes)
    expect(node.log().filter(({ msg }) => msg.startsWith("ANOTHER BLOCK IS FINAL"))).toEqual([]);
  await stopAndVerify(nodes);
});

test("a node that was suspended for a while, like a sleeping laptop, catches up and makes blocks", async () => {
  const network = await createNetwork(createWorld(), { nodes: 3, periodMs: 300 });
  const { nodes } = network;
  await startAll(network);
  const [asleep, other] = nodes as [TestNode, TestNode];
  const { head, address } = await asleep.status();
  asleep.process.signal("SIGSTOP");
  // The pause is longer than the others take to give up the connections.
  await other.until("it is missed", ({ peers }) => peers === 1, 30_000);
  await other.height(head!.height + 10);
  asleep.process.signal("SIGCONT");
  const { height } = await sameChain(nodes, { atLeast: head!.height + 10 });
  await until("it mines again", () => minedAbove(other, address, height));
  await stopAndVerify(nodes);
});

async function minedAbove(node: TestNode, proposer: string, height: number): Promise<boolean> {
  const { blocks } = await node.get<{ blocks: { height: number; proposer: string }[] }>(
    "/v1/blocks?limit=20",
  );
  return blocks.some((block) => block.height > height && block.proposer === proposer);
}
