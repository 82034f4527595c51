import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nobodyIsBlamed, sameChain, stopAndVerify } from "./harness/checks.ts";
import { createNetwork, startAll, type TestNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { asShown } from "./harness/shown.ts";
import { unchanged, until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const receiver = 6;

/** Sends a transfer of 10 to the last account's wallet; resolves to its id. */
async function transfer({ wallets }: TestNetwork, from: number, by: TestNode): Promise<string> {
  const { id, body } = await wallets[from]!.transfer(wallets[receiver]!.address, 10n, 1n);
  await by.post("/v1/transactions", body);
  return id;
}

test("after four of seven authorities are destroyed, the other three continue from the newest final block and lose no transfer", async () => {
  const world = createWorld();
  const network = await createNetwork(world, { nodes: 7, periodMs: 300 });
  const { nodes, wallets, genesisId } = network;
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
  await startAll(network);
  const ids = [await transfer(network, 0, first)];
  await until("it is final", async () => (await third.transaction(ids[0]!)).status === "finalized");

  // Four of seven make blocks but five are a quorum, so new transfers get into blocks that are not final.
  for (const node of nodes.slice(4)) await node.kill();
  const { finalized } = await first.status();
  ids.push(await transfer(network, 1, second));
  await until("it is in a block", async () => (await first.transaction(ids[1]!)).status === "included");
  await nodes[3]!.kill();
  for (const node of nodes.slice(3)) await rm(node.paths.folder, { recursive: true });
  ids.push(await transfer(network, 2, third));
  const halt = await until("the halt is explained", async () => {
    const diagnosis = await first.diagnosis();
    return diagnosis.state === "halted" && diagnosis;
  });
  expect(halt.findings.map(({ code }) => code)).toContain("MISSING_AUTHORITIES");
  expect(halt.findings.map(({ remedy }) => remedy).join()).toContain("ccoin recover");
  await asShown(world, "ccoin status --nodeid=1");

  const file = join(world.dataDir, "recovery.json");
  const set = wallets.slice(0, 3).map(({ address }) => address);
  const recover = ["recover", file, "--nodeid=1", `--authorities=${set}`, "--set=blockReward=3"];
  const running = await world.ccoin(recover);
  expect(running).toMatchObject({ code: 1, stderr: expect.stringContaining("in use") });
  for (const node of [first, second]) await node.stop();
  const written = await world.ccoin(recover);
  expect(written.code).toBe(0);
  const { recoveries } = JSON.parse(await readFile(file, "utf8"));
  const { id, block, authorities } = recoveries[0];
  expect(written.stdout).toContain(id);
  expect(written.stdout).toContain("--recovery=");
  expect(written.stdout).toContain("blockReward 3 (was 0)");
  expect(authorities.toSorted()).toEqual(set.toSorted());
  expect(block.height).toBeGreaterThanOrEqual(finalized!.height);

  // Two of the three make blocks; without the third no block becomes final.
  for (const node of [first, second]) node.start(`--recovery=${file}`);
  for (const node of [first, second]) await node.height(block.height + 2, 20_000);
  const without = await until("the third says what is going on", async () =>
    (await third.diagnosis()).findings.find(({ code }) => code === "NOT_RECOVERED"),
  );
  expect(without.detail).toContain(id);
  expect(without.remedy).toContain("--recovery");
  await until("its status is as the page shows it", async () => {
    await asShown(world, "ccoin status --nodeid=3");
    return true;
  });
  await nobodyIsBlamed([third]);

  // It cannot know better than its peers, and is not healthy from the beginning.
  await third.stop();
  third.start();
  await third.until("it has its peers again", ({ mode, peers }) => mode === "ready" && peers >= 2);
  const isHealthy = () =>
    third.get("/health/ready").then(
      () => true,
      (error) => error.status !== 503,
    );
  await unchanged("it is not healthy", isHealthy, { forMs: 3_000 });
  expect(await isHealthy()).toBe(false);

  await third.stop();
  third.start(`--recovery=${file}`);
  const left = [first, second, third];
  for (const node of left) await node.finalizes(block.height, 30_000);
  for (const one of ids)
    await until(`${one} is final`, async () => (await first.transaction(one)).status === "finalized");
  const { balance } = await first.get<{ balance: string }>(`/v1/accounts/${wallets[receiver]!.address}`);
  // This account may have proposed some blocks before the recovery's, and none after it.
  expect(BigInt(balance)).toBeGreaterThanOrEqual(1_000_030n);
  const status = await third.get<{
    genesisId: string;
    recoveries: { id: string; block: { height: number } }[];
    parameters: { blockReward: string };
  }>("/v1/status");
  expect(status.parameters.blockReward).toBe("3");
  expect(status.genesisId).toBe(genesisId);
  expect(status.recoveries).toMatchObject([{ id, block }]);

  // Later starts do not need the option.
  await third.stop();
  third.start();
  await third.ready();
  await third.height((await first.status()).head!.height, 20_000);
  expect(await third.status()).toMatchObject({ recoveries: [{ id, block }] });
  expect(await third.get("/v1/recoveries")).toMatchObject({ genesisId, recoveries });
  await sameChain(left);
  await stopAndVerify(left);
});
