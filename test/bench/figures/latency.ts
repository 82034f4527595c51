import { setTimeout as sleep } from "node:timers/promises";
import { defineFigure } from "../figure.ts";
import { benchNetwork, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { ChainFollower } from "../lib/chain-follower.ts";
import { postAll } from "../lib/poster.ts";
import { presign } from "../lib/presign.ts";
import { buildRequests } from "../lib/requests.ts";
import { mean, quantile } from "../lib/statistics.ts";
import { syncedWriteMs } from "../lib/synced-write.ts";
import { CpuWatch } from "../lib/usage.ts";

type LatencySettings = { authorities: number; transfers: number; periodMs: number };

/** Two synced writes: of the transfer and of its block. */
const syncedWrites = 2;

export const latencyFigure = defineFigure<LatencySettings>({
  name: "latency",
  measures:
    "mean time from the post of a lone transfer on a quiet chain without empty blocks until it is final on every node",
  quick: [1, 4].map((authorities) => ({ authorities, transfers: 20, periodMs: 200 })),
  full: [1, 4].map((authorities) => ({ authorities, transfers: 200, periodMs: 200 })),
  async run(context, { authorities, transfers, periodMs }) {
    const network = await benchNetwork(context, { authorities, periodMs, emptyBlockPeriodMs: 0 });
    const { nodes, genesis } = network;
    const presigned = await presign(genesis, 1, transfers + 1);
    await startNodes(nodes);
    const followers = await Promise.all(nodes.map((node) => ChainFollower.follow(node)));
    const answerMs: number[] = [];
    const committedMs: number[] = [];
    const finalMs: number[] = [];
    const watch = new CpuWatch(pidsOf(nodes));
    for (let sent = 0; sent <= transfers; sent++) {
      await sleep(2 * periodMs);
      const node = nodes[sent % nodes.length]!;
      const startedAt = performance.now();
      const posted = await postAll({
        host: node.machine.address,
        port: node.httpPort,
        connections: 1,
        requests: buildRequests(presigned, "json-single", [sent], 1),
        maxAhead: 1,
      });
      const committedAt = await followers[sent % nodes.length]!.hasCommitted(sent + 1);
      const finalAt = await Promise.all(followers.map((follower) => follower.hasFinalized(sent + 1)));
      // The first transfer compiles the code.
      if (sent === 0) continue;
      answerMs.push(posted.answerMs[0]!);
      committedMs.push(committedAt - startedAt);
      finalMs.push(Math.max(...finalAt) - startedAt);
    }
    const usage = watch.read();
    await stopNodes(nodes);
    return {
      // The mean is used because there are two kinds of times: after a block that is not a target of votes the chain
      // has to rest first.
      value: mean(finalMs),
      unit: "ms",
      limit: { what: "ms for two synced writes", value: syncedWrites * (await syncedWriteMs(context)) },
      ...usage,
      details: {
        finalP25Ms: quantile(finalMs, 0.25),
        finalP75Ms: quantile(finalMs, 0.75),
        finalP99Ms: quantile(finalMs, 0.99),
        committedP50Ms: quantile(committedMs, 0.5),
        committedP99Ms: quantile(committedMs, 0.99),
        answerP50Ms: quantile(answerMs, 0.5),
        answerP99Ms: quantile(answerMs, 0.99),
      },
    };
  },
});
