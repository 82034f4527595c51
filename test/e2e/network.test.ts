import { join } from "node:path";
import { expect, test } from "vitest";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { TestNode } from "./harness/node.ts";
import { root } from "./harness/process.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const readyWithinMs = 10_000;
const includedWithinMs = 3_000;

test("two authorities find the genesis block of a third, and a transfer is soon in a block on all three", async () => {
  const world = createWorld();
  const addresses: string[] = [];
  for (const id of [1, 2, 3]) {
    const args = ["create-account", `--nodeid=${id}`, "--balance=120"];
    addresses.push((await world.ccoinJson<{ address: string }>(args)).address);
  }
  const file = join(world.dataDir, "genesis.json");
  await world.ccoinJson(["genesis", "--nodeids=1,2,3", "--period=500", "-o", file]);
  const init = ["init", "-c", file, "--nodeid=1"];
  const { genesisId } = await world.ccoinJson<{ genesisId: string }>(init);

  const nodes = [1, 2, 3].map((id) => new TestNode(world, id));
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
  first.startByNpm(root);
  await first.ready();
  const startedAt = performance.now();
  for (const node of [second, third]) node.start();
  for (const node of [second, third]) {
    const status = await node.ready(readyWithinMs);
    expect(status.genesisId).toBe(genesisId);
    const notices = node.log().filter(({ msg }) => msg.startsWith("ADOPTED THE GENESIS BLOCK"));
    expect(notices).toEqual([expect.objectContaining({ level: 40, genesis: genesisId })]);
  }
  const readyMs = performance.now() - startedAt;
  for (const node of nodes) await node.until("it has both peers", ({ peers }) => peers >= 2);
  await sameChain(nodes, { atLeast: 2 });

  const send = ["send", "--nodeid=3", `--to=${addresses[0]}`, "--amount=5", "--fee=1"];
  const { id } = await world.ccoinJson<{ id: string }>(send);
  const sentAt = performance.now();
  for (const node of nodes) {
    const path = `/v1/transactions/${id}`;
    await until(
      "the transfer is in a block",
      async () => (await node.get<{ status: string }>(path)).status !== "pending",
      { timeoutMs: includedWithinMs },
    );
  }
  const includedMs = performance.now() - sentAt;
  console.log(`ready after ${readyMs.toFixed()} ms, included on all after ${includedMs.toFixed()} ms`);

  const balances = await Promise.all(
    nodes.map((node) =>
      Promise.all(
        addresses.map(
          async (address) => (await node.get<{ balance: string }>(`/v1/accounts/${address}`)).balance,
        ),
      ),
    ),
  );
  expect(balances[1]).toEqual(balances[0]);
  expect(balances[2]).toEqual(balances[0]);
  // The fee goes to the proposer.
  const proposer = (await first.get<{ block: { height: number } }>(`/v1/transactions/${id}`)).block.height;
  const earned = addresses.indexOf((await first.block(proposer)).proposer);
  const expected = [125, 120, 114].map((amount, index) => String(amount + (index === earned ? 1 : 0)));
  expect(balances[0]).toEqual(expected);

  // Ctrl-C reaches npm and the node.
  first.process.signalGroup("SIGINT");
  await first.process.ended;
  expect(first.log().at(-1)?.msg).not.toBe(undefined);
  await expect(first.status()).rejects.toThrow();
  await stopAndVerify([second, third]);
});
