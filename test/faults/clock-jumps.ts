import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { nodeFlags } from "../e2e/harness/process.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { patience, until } from "../e2e/harness/until.ts";
import { Progress } from "./progress.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 500;
const shortestMs = 1_000;
const longestMs = 3_600_000;
/** Least time that the clock stays wrong, so that the node has to report it. */
const offForMs = 4_000;
const toldWithinMs = 20_000;
/** Number of blocks that the network must make after a jump. */
const growth = 4;
const codes = { own: "OWN_CLOCK", peers: "PEER_CLOCKS" };
/** The clock of each of four authorities in turn jumps by 1 s to 1 h, ahead or back, and is corrected after a while. */
export const clockJumps: Scenario = {
  name: "clock-jumps",
  short: 1,
  full: 100,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const network = await createNetwork(world, { nodes: 4, periodMs });
    const { nodes } = network;
    for (const node of nodes) startWithClock(node);
    for (const node of nodes) await node.ready();
    for (const node of nodes)
      await node.until(`node ${node.id} has its peers`, ({ peers }) => peers >= nodes.length - 1);
    const traffic = new Traffic(network, 100);
    const progress = new Progress(nodes, traffic);
    let backMs = 0;
    for (let round = 1; round <= rounds; round++) {
      const node = nodes[Math.floor(random() * nodes.length)]!;
      // An answer that takes seconds cannot show an offset of one second.
      const leastMs = shortestMs * patience.factor;
      const size = leastMs * (longestMs / leastMs) ** random();
      const offsetMs = Math.round(random() < 0.5 ? -size : size);
      const others = nodes.filter((other) => other !== node);
      setClock(node, offsetMs);
      const jumpedAt = performance.now();
      await tells(node, codes.own, toldWithinMs);
      await tells(others[0]!, codes.peers, toldWithinMs);
      await sleep(Math.max(0, offForMs - (performance.now() - jumpedAt)));
      setClock(node, 0);
      const rightAt = performance.now();
      const { head } = await others[0]!.status();
      try {
        for (const each of nodes) await each.height(head!.height + growth, 20_000);
      } catch (cause) {
        throw new Error(`round ${round}: node ${node.id} was off by ${offsetMs} ms`, { cause });
      }
      backMs = Math.max(backMs, performance.now() - rightAt);
      onRound(round);
    }
    await progress.stop();
    await traffic.stop();
    const { height, transactions } = await checkPromises(network, traffic.accepted);
    return (
      `${rounds} jumps, each shown by the node and by a peer; ${height} blocks, ${transactions} transactions; ` +
      `longest time without a block ${Math.round(progress.blockGapMs)} ms; all in step and ${growth} blocks on within ${Math.round(backMs)} ms`
    );
  },
};

function startWithClock(node: TestNode): void {
  const clock = new URL("shifted-clock.mjs", import.meta.url);
  clock.searchParams.set("file", clockFile(node));
  node.flags = ["--import", clock.href, ...nodeFlags];
  setClock(node, 0);
  node.start();
}

function clockFile({ world, id }: TestNode): string {
  return join(world.dataDir, `clock-${id}`);
}

/** Sets the clock of a node atomically, so that the node never reads half of it. */
function setClock(node: TestNode, offsetMs: number): void {
  const file = clockFile(node);
  writeFileSync(`${file}.new`, String(offsetMs));
  renameSync(`${file}.new`, file);
}

async function tells(node: TestNode, code: string, timeoutMs: number): Promise<void> {
  await until(
    `node ${node.id} says ${code}`,
    async () => {
      const { findings } = await node.diagnosis();
      return findings.some((finding) => finding.code === code);
    },
    { timeoutMs, everyMs: 200 },
  );
}
