/**
 * Sends transfers on a chain of four authorities, one after another through random nodes, and prints the times until
 * each was final on every node. `--lone` uses a chain without empty blocks, which rests before each transfer.
 * Usage: scripts/in-netns.sh node scripts/finality-latency.ts [--transfers 200] [--period 500] [--seed 1] [--lone]
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { timeToFinal } from "../test/e2e/harness/finality.ts";
import { createNetwork, startAll } from "../test/e2e/harness/network.ts";
import { closeOnSignal, openWorld } from "../test/e2e/harness/open-world.ts";
import { createRandom } from "../test/e2e/harness/random.ts";

const authorities = 4;

const { values } = parseArgs({
  options: {
    transfers: { type: "string", default: "200" },
    period: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
    lone: { type: "boolean", default: false },
  },
});
const [transfers, periodMs, seed] = [values.transfers, values.period, values.seed].map(Number) as [
  number,
  number,
  number,
];

const { world, close } = openWorld();
closeOnSignal(close);
let failed = true;
try {
  const network = await createNetwork(world, {
    nodes: authorities,
    periodMs,
    ...(values.lone && { emptyBlockPeriodMs: 0 }),
  });
  const { nodes } = network;
  await startAll(network);
  if (!values.lone) for (const node of nodes) await node.finalizes(2);
  const random = createRandom(seed);
  const pick = () => Math.floor(random() * authorities);
  const slowestMs: number[] = [];
  const startedAt = performance.now();
  const first = (await nodes[0]!.status()).head!.height;
  for (let sent = 0; sent < transfers; sent++) {
    // The transfer is sent at any moment between two blocks.
    await sleep(random() * periodMs + (values.lone ? 2 * periodMs : 0));
    slowestMs.push(Math.max(...(await timeToFinal(network, { from: pick(), by: nodes[pick()]!, nodes }))));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const blocks = (await nodes[0]!.status()).head!.height - first;
  slowestMs.sort((a, b) => a - b);
  const quantile = (part: number) => slowestMs[Math.min(transfers - 1, Math.floor(transfers * part))]!;
  const load = readFileSync("/proc/loadavg", "utf8").split(" ", 1)[0];
  const kind = values.lone ? "lone transfers" : "transfers";
  console.log(
    `${transfers} ${kind}, ${authorities} authorities, a block every ${((1_000 * seconds) / blocks).toFixed()} ms (period ${periodMs} ms), seed ${seed}, load ${load}\n` +
      `sent -> final on every node: median ${quantile(0.5).toFixed()} ms, p99 ${quantile(0.99).toFixed()} ms, max ${slowestMs.at(-1)!.toFixed()} ms`,
  );
  failed = false;
} finally {
  await close(failed);
}
