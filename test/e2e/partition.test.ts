import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { includedOnce, sameChain, stopAndVerify, totalIsRight } from "./harness/checks.ts";
import { watchEvents } from "./harness/events.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const cutMs = process.env["E2E_LONG"] ? 30_000 : 8_000;
const reward = 7n;

/**
 * Three of five authorities are a majority and continue; each of the other two may sign one more block (a signer signs
 * one of three). So both sides make blocks with transfers that only they know, and the blocks of the smaller side lose.
 */
test("two sides that made blocks apart become one chain, which includes the transactions of the losing side again", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const machines = [];
  for (const side of [1, 1, 1, 2, 2] as const) machines.push(await lab.machine(side));
  const network = await createNetwork(world, {
    nodes: machines,
    periodMs: 400,
    blockReward: reward.toString(),
  });
  const { nodes, wallets } = network;
  await startAll(network);
  const [majority, minority] = [nodes.slice(0, 3), nodes.slice(3)];
  const loser = minority[0]!;
  const events = await watchEvents(loser);

  // The cut follows a block of the majority, so that at least one authority of the other side may sign the next. On a
  // busy machine its blocks can come before the cut, or before its transfers; then the test tries again with other
  // transfers.
  const { address: winner } = await majority[0]!.status();
  const others = new Set(await Promise.all(minority.map(async (node) => (await node.status()).address)));
  const sent: string[] = [];
  const cutOff = async () => {
    const transfers = await Promise.all(
      minority.map((_node, index) => wallets[3 + index]!.transfer(wallets[0]!.address, 100n, 1n)),
    );
    const lost = transfers.map(({ id }) => id);
    await until("a block by node 1", async () => (await loser.block("head")).proposer === winner, {
      everyMs: 20,
    });
    lab.cut();
    const cutAt = performance.now();
    await Promise.all(transfers.map(({ body }, index) => minority[index]!.post("/v1/transactions", body)));
    sent.push(...lost);
    const common = (await loser.status()).head!;
    const minedAlone = await until(
      "the smaller side has mined a transfer of its own",
      async () =>
        (await loser.get<{ block: { id: string } | null }>(`/v1/transactions/${lost[0]}`)).block?.id,
      { timeoutMs: 3_000 },
    ).catch(() => undefined);
    return { cutAt, common, lost, minedAlone };
  };
  let parted = await cutOff();
  for (let tries = 1; parted.minedAlone === undefined; tries++) {
    expect(tries).toBeLessThan(10);
    lab.heal();
    await sameChain(nodes, { atLeast: parted.common.height + 3, timeoutMs: 30_000 });
    await includedOnce(nodes, parted.lost);
    parted = await cutOff();
  }
  const { cutAt, common, lost, minedAlone } = parted;
  const kept = await wallets[0]!.transfer(wallets[4]!.address, 50n, 1n);
  await majority[0]!.post("/v1/transactions", kept.body);
  sent.push(kept.id);

  for (const node of majority) await node.height(common.height + 6);
  await expect(majority[0]!.get(`/v1/transactions/${lost[0]}`)).rejects.toThrow("TRANSACTION_NOT_FOUND");
  await sleep(cutMs - (performance.now() - cutAt));
  const stuck = (await loser.status()).head!;
  // Counts from the newest block of the majority, because one may have been under way at the cut.
  let alone = 0;
  while (others.has((await loser.block(stuck.height - alone)).proposer)) alone++;
  expect([1, 2]).toContain(alone);
  const ahead = (await majority[0]!.status()).head!;
  expect(ahead.height).toBeGreaterThan(stuck.height);

  lab.heal();
  const healedAt = performance.now();
  await sameChain(nodes, { atLeast: ahead.height, timeoutMs: 30_000 });
  const healMs = performance.now() - healedAt;
  console.log(
    `cut for ${cutMs} ms at block ${common.height}: sides at ${ahead.height} and ${stuck.height}, one chain after ${healMs.toFixed()} ms`,
  );

  await until("the losing side tells of the retracted block", () =>
    events.some(({ event, data }) => event === "retracted" && data["id"] === minedAlone),
  );
  await includedOnce(nodes, sent);
  for (const id of lost) {
    const { block } = await loser.get<{ block: { id: string } }>(`/v1/transactions/${id}`);
    expect(block.id).not.toBe(minedAlone);
  }
  for (const node of nodes) await totalIsRight(network, node, reward);
  await stopAndVerify(nodes);
});
