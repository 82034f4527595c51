import { setTimeout as sleep } from "node:timers/promises";
import { FinalityWatch, noEvidence } from "../e2e/harness/finality.ts";
import { Lab } from "../e2e/harness/lab.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { createRandom, shuffled } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { backInStep } from "./back-in-step.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

/**
 * Pairs of four nodes that cannot reach each other, by place in the round's order, and the nodes whose chain continues.
 */
const kinds: Readonly<
  Record<string, { cut: readonly (readonly [number, number])[]; goOn: readonly number[] }>
> = {
  "2/2": {
    cut: [
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
    ],
    goOn: [],
  },
  "3/1": {
    cut: [
      [0, 3],
      [1, 3],
      [2, 3],
    ],
    goOn: [0, 1, 2],
  },
  ring: {
    cut: [
      [0, 2],
      [1, 3],
    ],
    goOn: [0, 1, 2, 3],
  },
  single: {
    cut: [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ],
    goOn: [],
  },
};
const names = Object.keys(kinds);
const secondsCut = [5, 30, 120];

/** Cuts four authorities off from each other in several ways for a while; afterwards they must continue together. */
export const partitions: Scenario = {
  name: "partitions",
  short: 1,
  full: 50,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const lab = new Lab(world);
    const machines = [await lab.machine(1), await lab.machine(1), await lab.machine(1), await lab.machine(1)];
    const network = await createNetwork(world, { nodes: machines, periodMs: 500 });
    await startAll(network);
    const watch = new FinalityWatch(network.nodes);
    const traffic = new Traffic(network, 100);
    world.onEnd(() => Promise.allSettled([traffic.stop(), watch.stop()]));
    const longest = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const name = names[round % names.length]!;
      const seconds = secondsCut[Math.floor(round / names.length) % secondsCut.length]!;
      const { cut, goOn } = kinds[name]!;
      const nodes = shuffled(network.nodes, random);
      const pairs = cut.map(([a, b]) => [nodes[a]!.machine, nodes[b]!.machine] as const);
      for (const [a, b] of pairs) lab.block(a, b);
      const before = await Promise.all(goOn.map((at) => nodes[at]!.status()));
      await sleep(seconds * 1000);
      // A short cut may end before the others have noticed.
      if (seconds > 5)
        await haveGone(
          goOn.map((at) => nodes[at]!),
          before.map(({ head }) => head!.height),
        );
      for (const [a, b] of pairs) lab.unblock(a, b);
      try {
        longest.set(name, Math.max(longest.get(name) ?? 0, await backInStep(network.nodes)));
      } catch (error) {
        throw new Error(`round ${round + 1}: ${name} for ${seconds} s, nodes ${nodes.map(({ id }) => id)}`, {
          cause: error,
        });
      }
      onRound(round + 1);
    }
    await traffic.stop();
    const { transactions } = await checkPromises(network, traffic.accepted);
    await watch.stop();
    await noEvidence(network.nodes);
    const times = [...longest].map(([name, ms]) => `${name} ${(ms / 1000).toFixed(1)} s`);
    return `${rounds} partitions; in step, and final, after at most: ${times.join(", ")}; ${transactions} transactions, 0 acknowledged ones missing`;
  },
};

async function haveGone(nodes: readonly TestNode[], from: readonly number[]): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const { head } = await node.status();
    if (head!.height <= from[index]! + 2)
      throw new Error(`node ${node.id} stood still at ${head!.height} though a majority was connected`);
  }
}
