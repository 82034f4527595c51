import { setTimeout as sleep } from "node:timers/promises";
import { CompactBlock } from "../../src/types/index.ts";
import { equalBytes } from "../../src/util/bytes.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Rogue } from "../e2e/harness/rogue.ts";
import { genesisOf } from "../e2e/harness/shadow-chain.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { BlockGaps } from "./block-gaps.ts";
import { Progress } from "./progress.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 400;

/**
 * Stops (SIGSTOP) one of four authorities before each of its turns and continues it shortly after. The next authority
 * must take over.
 */
export const stalledAuthority: Scenario = {
  name: "stalled-authority",
  /** `test/e2e/crash.test.ts` suspends a node. */
  short: 0,
  full: 1_000,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const network = await createNetwork(world, { nodes: 4, periodMs });
    const { authorities } = (await genesisOf(network.nodes[0]!)).config;
    await startAll(network);
    const others = network.nodes.slice(0, 3);
    const [watched, stalled] = [others[0]!, network.nodes[3]!] as [TestNode, TestNode];
    const turn = authorities.findIndex((key) => equalBytes(key, network.wallets[3]!.signer.publicKey));
    const traffic = new Traffic({ ...network, nodes: others }, 100);
    const progress = new Progress(others, traffic);
    const gaps = new BlockGaps(periodMs);
    for (const node of others) await gaps.follow(node);
    let height = 0;
    const listener = await Rogue.connect(watched);
    await listener.listen("blocks", network.genesisId, (data) => {
      const { message } = CompactBlock.deserialize(data).header;
      height = Math.max(height, message.height);
    });
    for (let round = 1, last = 0; round <= rounds; round++) {
      const head = await until(
        "its turn comes",
        () => height > last && (height + 1) % authorities.length === turn && height,
        { everyMs: 5 },
      );
      stalled.process.signal("SIGSTOP");
      last = head;
      await until("the next takes over", () => height > head, { everyMs: 5 });
      await sleep(random() * 2 * periodMs);
      stalled.process.signal("SIGCONT");
      onRound(round);
    }
    await progress.stop();
    await traffic.stop();
    const { height: top, transactions } = await checkPromises(network, traffic.accepted);
    return `${rounds} times; ${top} blocks, ${transactions} transactions; ${gaps.text()}`;
  },
};
