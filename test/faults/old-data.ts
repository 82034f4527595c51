import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { noEvidence } from "../e2e/harness/finality.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import { TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { SignatureWatch } from "../e2e/harness/signature-watch.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { conflictsAmong } from "./kill-signer.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 400;
const longestLifeMs = 6_000;
/** A node in doubt listens for 10 s, and then waits for the others to reach its rounds. */
const signsAgainWithinMs = 90_000;

/**
 * Restores an older copy of an authority's folder after the authority has signed more, and starts a process on it. The
 * process must warn that its data may be old, sign nothing that contradicts, and sign again after a while.
 */
export const oldData: Scenario = {
  name: "old-data",
  short: 0,
  full: 50,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const network = await createNetwork(world, { nodes: 4, periodMs });
    const { nodes, wallets, genesisId } = network;
    const node = nodes[3]!;
    const { folder } = node.paths;
    const backup = join(world.dataDir, "backup");
    await startAll(network);
    const { publicKey } = wallets[3]!.signer;
    const watch = await SignatureWatch.start(nodes, { genesisId, periodMs, publicKey });
    // Transactions that only this node has acknowledged are lost with its data.
    const traffic = new Traffic({ ...network, nodes: nodes.slice(0, 3) }, 100);
    world.onEnd(() => Promise.allSettled([traffic.stop(), watch.stop()]));
    const signs = async (more: number) => {
      const before = watch.counts();
      await until(
        `it makes ${more} blocks and votes`,
        () => {
          const { headers, votes } = watch.counts();
          return headers >= before.headers + more && votes >= before.votes + more;
        },
        { timeoutMs: signsAgainWithinMs },
      );
    };
    for (let round = 1; round <= rounds; round++) {
      await signs(2);
      await refusesSecond(new TestNode(world, node.id));
      await node.kill();
      execFileSync("cp", ["-a", folder, backup]);
      node.start();
      await signs(1);
      await sleep(random() * longestLifeMs);
      await node.kill();
      rmSync(folder, { recursive: true });
      execFileSync("mv", [backup, folder]);
      node.start();
      await until("it says that its data may be old", () =>
        node.log().some(({ msg }) => msg.includes("MAY BE OLDER")),
      );
      onRound(round);
    }
    await signs(2);
    await traffic.stop();
    await checkPromises(network, traffic.accepted);
    await noEvidence(nodes);
    await watch.stop();
    const [conflict] = conflictsAmong([...watch.lines]);
    if (conflict) throw new Error(`conflicting: ${conflict.join(" and ")}`);
    const { headers, votes } = watch.counts();
    return `${rounds} times put back, and a second process refused; ${headers} headers and ${votes} votes seen, 0 conflicting`;
  },
};

async function refusesSecond(second: TestNode): Promise<void> {
  second.start();
  const { code, stderr } = await second.process.ended;
  if (code !== 1 || !stderr.includes("is in use by process"))
    throw new Error(`the second process ended with ${code}: ${stderr}`);
}
