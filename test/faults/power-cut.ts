import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork } from "../e2e/harness/network.ts";
import { TestNode } from "../e2e/harness/node.ts";
import type { World } from "../e2e/harness/open-world.ts";
import { cliPath } from "../e2e/harness/process.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { DiskImage } from "./disk-image.ts";
import type { Scenario } from "./scenario.ts";

const imageBytes = 96 * 2 ** 20;
const longestLifeMs = 2_500;

/**
 * Cuts the power of a lone authority that makes ten blocks a second. What it acknowledged must be there after a
 * restart.
 */
export const powerCut: Scenario = {
  name: "power-cut",
  short: 2,
  full: 100,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    let acknowledged = 0;
    for (let round = 1; round <= rounds; round++) {
      acknowledged += await cutOnce(world, `disk${round}`, random);
      onRound(round);
    }
    return `${rounds} cuts, ${acknowledged} acknowledged transactions, 0 lost`;
  },
};

/** Resolves to the number of transactions that were acknowledged before the cut. @throws if one is missing after it */
async function cutOnce(world: World, name: string, random: () => number): Promise<number> {
  const disk = DiskImage.create(world, name, imageBytes);
  const network = await createNetwork({ ...world, dataDir: disk.folder }, { nodes: 1, periodMs: 100 });
  const [node] = network.nodes as [TestNode];
  node.start("--no-mdns");
  await node.ready();
  const traffic = new Traffic(network, 2);
  await sleep(300 + random() * longestLifeMs);
  const { head } = await node.status();
  node.process.signal("SIGSTOP");
  const accepted = [...traffic.accepted];
  const after = disk.cut(world, `${name}-cut`);
  await node.kill();
  await traffic.stop();

  after.mount();
  const restarted = new TestNode({ ...world, dataDir: after.folder }, node.id);
  try {
    restarted.start("--no-mdns");
    const status = await restarted.ready();
    if (status.head!.height < head!.height)
      throw new Error(
        `block ${head!.height} was shown before the cut, the head after it is ${status.head!.height}`,
      );
    for (const id of accepted) await restarted.transaction(id);
    await restarted.height(head!.height + 2);
    await restarted.stop();
    const verify = [process.execPath, cliPath, "verify", `--nodeid=${node.id}`, "--datadir", after.folder];
    const { code, stderr } = await world.start("ccoin verify", verify).ended;
    if (code !== 0) throw new Error(`verify ended with ${code}: ${stderr}`);
  } finally {
    await restarted.kill();
    after.remove();
  }
  return accepted.length;
}
