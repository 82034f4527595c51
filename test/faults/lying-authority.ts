import { setTimeout as sleep } from "node:timers/promises";
import { Liar, type Lie, lies } from "../e2e/harness/liar.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { genesisOf } from "../e2e/harness/shadow-chain.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { BlockGaps } from "./block-gaps.ts";
import { Progress } from "./progress.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 400;

/**
 * One of four authorities breaks the rules at every height, with each lie `rounds` times. The other three must continue
 * and report it.
 */
export const lyingAuthority: Scenario = {
  name: "lying-authority",
  short: 1,
  full: 1_000,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const network = await createNetwork(world, { nodes: 4, periodMs });
    const genesis = await genesisOf(network.nodes[0]!);
    const nodes = network.nodes.slice(0, 3);
    const honest = { ...network, nodes };
    await startAll(honest, "--log-level=debug");
    const traffic = new Traffic(honest, 100);
    const progress = new Progress(nodes, traffic);
    const liar = await Liar.connect({ nodes, genesis, signer: network.wallets[3]!.signer, random });
    const gaps = new BlockGaps(periodMs);
    for (const node of nodes) await gaps.follow(node);

    const counts = new Map<Lie, number>(lies.map((lie) => [lie, 0]));
    let done = 0;
    let lastHeight = 0;
    while ([...counts.values()].some((count) => count < rounds)) {
      const { head } = await until(
        "the next block",
        async () => {
          await liar.comeBack();
          const { chain } = liar.shadow;
          if (chain.head.height > lastHeight) return chain;
          throw new Error(`the liar: ${liar}`);
        },
        { everyMs: 5 },
      );
      lastHeight = head.height;
      const lie = rarest(counts, liar.maySign);
      // An early block would be another lie.
      const waitMs = head.header.message.timestamp + periodMs - Date.now();
      if (lie !== "future time" && waitMs > 0) await sleep(waitMs);
      if (liar.shadow.chain.head.height !== lastHeight) continue;
      if (!(await liar.tell(lie))) continue;
      counts.set(lie, counts.get(lie)! + 1);
      if (++done % lies.length === 0) onRound(Math.min(rounds, done / lies.length));
    }
    await progress.stop();
    await traffic.stop();
    const { height, transactions } = await checkPromises(honest, traffic.accepted);
    for (const node of nodes) await proved(node, network.wallets[3]!.address);
    const refused = nodes[0]!.timesLogged("block refused");
    return (
      `${[...counts].map(([lie, count]) => `${count} ${lie}`).join(", ")}; ${height} blocks, ${transactions} transactions; ` +
      `peer keys banned ${liar.banned} times, ${refused} blocks refused after execution by node 1, evidence on all; ${gaps.text()}`
    );
  },
};

/** Returns the lie that was told least, among those that are possible now. */
function rarest(counts: Map<Lie, number>, maySign: boolean): Lie {
  if (!maySign) return "wrong turn";
  return [...counts].sort(([, a], [, b]) => a - b)[0]![0];
}

async function proved(node: TestNode, offender: string): Promise<void> {
  await until(`node ${node.id} has evidence against ${offender}`, async () => {
    const { evidence } = await node.authorities();
    return evidence.some((each) => each.offender === offender);
  });
}
