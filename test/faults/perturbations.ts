import { setTimeout as sleep } from "node:timers/promises";
import { FinalityWatch, noEvidence } from "../e2e/harness/finality.ts";
import { Lab } from "../e2e/harness/lab.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { backInStep } from "./back-in-step.ts";
import { Progress } from "./progress.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const nodeCount = 5;
const longestMs = 20_000;

type Perturb = (node: TestNode, ms: number, lab: Lab, others: readonly TestNode[]) => Promise<void>;

const perturbations: Readonly<Record<string, Perturb>> = {
  async kill(node, ms) {
    await node.kill();
    await sleep(ms);
    node.start();
  },
  async pause(node, ms) {
    node.process.signal("SIGSTOP");
    await sleep(ms);
    node.process.signal("SIGCONT");
  },
  async disconnect(node, ms, lab, others) {
    for (const other of others) lab.block(node.machine, other.machine);
    await sleep(ms);
    for (const other of others) lab.unblock(node.machine, other.machine);
  },
  async restart(node) {
    await node.stop();
    node.start();
  },
};
const names = Object.keys(perturbations);

/** Kills, pauses, disconnects or restarts one of five authorities under transfers, which must soon be back. */
export const perturbed: Scenario = {
  name: "perturbations",
  short: 1,
  full: 100,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const lab = new Lab(world);
    const machines = [];
    for (let count = 0; count < nodeCount; count++) machines.push(await lab.machine(1));
    const network = await createNetwork(world, { nodes: machines, periodMs: 500 });
    const { nodes } = network;
    await startAll(network);
    const finality = new FinalityWatch(nodes);
    const traffic = new Traffic(network, 100);
    const progress = new Progress(nodes, traffic);
    world.onEnd(() => Promise.allSettled([traffic.stop(), progress.stop(), finality.stop()]));
    const longest = new Map<string, number>();
    for (let round = 1; round <= rounds; round++) {
      const name = names[round % names.length]!;
      const node = nodes[Math.floor(random() * nodes.length)]!;
      const ms = Math.floor(random() ** 2 * longestMs);
      try {
        await perturbations[name]!(
          node,
          ms,
          lab,
          nodes.filter((other) => other !== node),
        );
        longest.set(name, Math.max(longest.get(name) ?? 0, await backInStep(nodes)));
      } catch (error) {
        throw new Error(`round ${round}: ${name} node ${node.id} for ${ms} ms`, { cause: error });
      }
      onRound(round);
    }
    await progress.stop();
    await traffic.stop();
    const { transactions } = await checkPromises(network, traffic.accepted);
    await finality.stop();
    await noEvidence(nodes);
    const times = [...longest].map(([name, ms]) => `${name} ${(ms / 1000).toFixed(1)} s`);
    return (
      `${rounds} perturbations; back after at most: ${times.join(", ")}; no new block for at most ${(progress.blockGapMs / 1000).toFixed(1)} s, ` +
      `${transactions} transactions, 0 acknowledged ones missing`
    );
  },
};
