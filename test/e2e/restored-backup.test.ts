import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createNetwork, startAll } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

interface Finality {
  finalized: { height: number };
  votes: { heard: { voter: string; target: { round: number } }[] };
}

const finality = (node: TestNode) => node.get<Finality>("/v1/finality");
const evidenceOf = async (node: TestNode) =>
  (await node.get<{ evidence: { offender: string; kind: string }[] }>("/v1/authorities")).evidence;
const said = (node: TestNode, text: string) => node.log().some(({ msg }) => msg.includes(text));
const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);

async function proposed(node: TestNode, address: string, above: number): Promise<boolean> {
  const { blocks } = await node.get<{ blocks: { height: number; proposer: string }[] }>(
    "/v1/blocks?limit=20",
  );
  return blocks.some(({ height, proposer }) => height > above && proposer === address);
}

test("a node that is restored from an old backup signs nothing twice, and signs again after a while", async () => {
  const network = await createNetwork(createWorld(), { nodes: 4, periodMs: 400 });
  const { nodes } = network;
  const [first, second, third, restored] = nodes as [TestNode, TestNode, TestNode, TestNode];
  await startAll(network);
  await first.height(4);
  await restored.stop();
  const { folder } = restored.paths;
  const backup = join(network.world.dataDir, "backup");
  copy(folder, backup);

  restored.start();
  await restored.ready();
  const { head } = await first.status();
  await first.height(head!.height + 8);
  await restored.kill();
  rmSync(folder, { recursive: true });
  copy(backup, folder);
  restored.start();
  const { address } = await restored.ready();
  await until("it says that its data is old", async () => said(restored, "MAY BE OLDER"));

  const back = await first.status();
  await until("it mines again", () => proposed(first, address, back.head!.height + 2));
  const settled = await until("another votes", async () => {
    const { heard } = (await finality(first)).votes;
    return heard.find(({ voter }) => voter !== address)?.target.round;
  });
  await until(
    "it votes again",
    async () => {
      const { heard } = (await finality(first)).votes;
      return heard.some(({ voter, target }) => voter === address && target.round > settled);
    },
    { timeoutMs: 60_000 },
  );
  // Three of four votes are needed, so finality now depends on its vote.
  await third.stop();
  const before = (await finality(first)).finalized.height;
  await until(
    "its votes finalize blocks",
    async () => (await finality(first)).finalized.height > before + 3,
    { timeoutMs: 60_000 },
  );
  for (const node of [first, second, restored]) expect(await evidenceOf(node)).toEqual([]);
});

test("a second copy that runs beside the first is detected", async () => {
  const world = createWorld();
  const network = await createNetwork(world, { nodes: 4, periodMs: 400 });
  const { nodes } = network;
  await startAll(network);
  const [first, , , original] = nodes as [TestNode, TestNode, TestNode, TestNode];
  const { address } = await original.status();
  await first.height(4);
  const clone = new TestNode(world, 9);
  copy(original.paths.folder, clone.paths.folder);
  for (const name of ["peer.key", "lock"]) rmSync(join(clone.paths.folder, name), { force: true });
  clone.start();
  await until(
    "one of them stops, or both are shown to sign twice",
    async () =>
      [original, clone].some((node) => said(node, "SIGNING STOPPED")) ||
      (await evidenceOf(first)).some(({ offender }) => offender === address),
    { timeoutMs: 60_000 },
  );
});
