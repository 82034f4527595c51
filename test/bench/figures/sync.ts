import { TestNode } from "../../e2e/harness/node.ts";
import { until } from "../../e2e/harness/until.ts";
import { defineFigure } from "../figure.ts";
import { pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { type ChainShape, chainFixture } from "../lib/chain-fixture.ts";
import { CpuWatch } from "../lib/usage.ts";
import { verifyPart, withVerifyLimit } from "../lib/verify-limit.ts";

type SyncSettings = ChainShape & { [name: string]: number };

export const syncFigure = defineFigure<SyncSettings>({
  name: "sync",
  measures:
    "transactions a second at which a node with no data follows a chain, every signature checked, beside the one that serves it",
  quick: [{ blocks: 100, transactionsPerBlock: 1_000, senders: 100 }],
  full: [
    { blocks: 200, transactionsPerBlock: 1_000, senders: 100 },
    { blocks: 20, transactionsPerBlock: 10_000, senders: 10_000 },
  ],
  goals: () => [
    { of: "ratio", is: ">=", bound: 0.65 },
    // Counts both nodes: two threads have about this much CPU time at the ratio above.
    { of: "cpuPerVerify", is: "<=", bound: 1.5 },
  ],
  async run(context, settings) {
    const { world } = context;
    const count = settings.blocks * settings.transactionsPerBlock;
    const network = await chainFixture(context, settings);
    const [server] = network.nodes;
    await startNodes([server!], ["--no-mine"]);
    const follower = new TestNode(world, 2);
    const { result, limit, verifyCpuMs } = await withVerifyLimit(async () => {
      const spawnedAt = performance.now();
      follower.start("--no-mine", "--no-mdns", "--log-level=warn", "--bootstrap", server!.multiaddr);
      const hasGenesis = () => follower.status().then(({ head }) => head !== null);
      await until("the follower has the genesis block", hasGenesis, { everyMs: 10 });
      const nodes = [server!, follower];
      const watch = new CpuWatch(pidsOf(nodes));
      const startedAt = performance.now();
      const isThere = () => follower.status().then(({ head }) => head!.height >= settings.blocks);
      await until("the follower is at the head", isThere, { everyMs: 20, timeoutMs: 600_000 });
      const syncedAt = performance.now();
      const usage = watch.read();
      await stopNodes(nodes);
      return { usage, ms: syncedAt - startedAt, sinceSpawnMs: syncedAt - spawnedAt };
    });
    const { usage, ms, sinceSpawnMs } = result;
    return {
      value: (count / ms) * 1_000,
      unit: "tx/s",
      limit,
      ...usage,
      details: {
        blocksPerSecond: (settings.blocks / ms) * 1_000,
        sinceSpawnMs,
        cpuMsPerTransaction: (usage.cpuSeconds * 1_000) / count,
        verifyCpuMs,
        cpuPerVerify: (usage.cpuSeconds * 1_000) / count / verifyCpuMs,
        verifyPart: verifyPart(verifyCpuMs, count, usage),
      },
    };
  },
});
