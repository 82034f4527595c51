import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork } from "../e2e/harness/network.ts";
import { HttpError, type TestNode } from "../e2e/harness/node.ts";
import type { World } from "../e2e/harness/open-world.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const diskMiB = 96;
const longestLifeMs = 2_000;
const longestFullMs = 3_000;

/** Fills the disk of a lone authority under transfers, and makes room again some time later. */
export const diskFull: Scenario = {
  name: "disk-full",
  short: 1,
  full: 20,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const disk = mountDisk(world);
    const network = await createNetwork({ ...world, dataDir: disk }, { nodes: 1, periodMs: 100 });
    const [node] = network.nodes as [TestNode];
    node.start("--no-mdns");
    await node.ready();
    const traffic = new Traffic(network, 2);
    world.onEnd(() => traffic.stop().catch(() => undefined));
    for (let round = 1; round <= rounds; round++) {
      await sleep(random() * longestLifeMs);
      const { head } = await node.status();
      const makeRoom = fill(disk);
      await until("it says that it cannot write", () => cannotWrite(node));
      await node.logs("DISK FULL");
      await sleep(random() * longestFullMs);
      // The node may have freed some space since, so the disk is filled again.
      await until("it says that it cannot write for as long as there is no room", () => {
        fill(disk);
        return cannotWrite(node);
      });
      const accepted = traffic.accepted.size;
      makeRoom();
      await node.height(head!.height + 2);
      await until("it takes transfers", () => traffic.accepted.size > accepted);
      onRound(round);
    }
    await traffic.stop();
    const { transactions } = await checkPromises(network, traffic.accepted);
    await node.stop();
    return `${rounds} times full, ${transactions} acknowledged transactions, 0 lost`;
  },
};

function mountDisk(world: World): string {
  const folder = join(world.dataDir, "small-disk");
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m`, "tmpfs", folder]);
  world.onEnd(() => execFileSync("umount", [folder]));
  return folder;
}

/** Fills the disk and returns a function that makes room again. */
function fill(disk: string): () => void {
  const path = join(disk, "filler");
  const file = openSync(path, "a");
  for (const bytes of [2 ** 20, 2 ** 12]) {
    const chunk = Buffer.alloc(bytes);
    // Fills the space that the node frees in the meantime, too.
    for (let tries = 0; tries < 10_000 && statfsSync(disk).bavail > 0; tries++) {
      try {
        writeSync(file, chunk);
      } catch {
        break;
      }
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

async function cannotWrite(node: TestNode): Promise<boolean> {
  if (node.process.end) throw new Error(`it ended with ${node.process.end.code}`);
  try {
    await node.status();
    return false;
  } catch (error) {
    if (error instanceof HttpError) return error.code === "WRITE_FAILED";
    throw error;
  }
}
