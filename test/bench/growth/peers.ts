import { setTimeout as sleep } from "node:timers/promises";
import { height, type TopicName, topicNames } from "../../../protocols/index.ts";
import type { TestNode } from "../../e2e/harness/node.ts";
import { Rogue, statusAnswer } from "../../e2e/harness/rogue.ts";
import type { Context } from "../figure.ts";
import { benchNetwork, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { ChainFollower } from "../lib/chain-follower.ts";
import { postAll } from "../lib/poster.ts";
import { presign } from "../lib/presign.ts";
import { buildRequests } from "../lib/requests.ts";
import { bytesSentBy } from "../lib/socket-bytes.ts";
import { mean } from "../lib/statistics.ts";
import { cpuSeconds, memoryOf } from "../lib/usage.ts";
import { defineAxis } from "./axis.ts";

const senders = 100;
const perBlock = 1_000;
const rounds = 5;
const periodMs = 1_000;
const idleSeconds = 10;

/** Connects hosts that follow the node's topics, are at genesis and request nothing. */
async function connectPeers(
  { genesisId }: { genesisId: string },
  node: TestNode,
  count: number,
): Promise<void> {
  const answers = { [height.id]: statusAnswer({ genesisId }) };
  for (let peer = 0; peer < count; peer++) {
    const host = await Rogue.connect(node, { answers });
    for (const name of Object.keys(topicNames) as TopicName[]) await host.subscribe(name, genesisId);
  }
}

export const peersAxis = defineAxis({
  name: "peers",
  unit: "peers",
  quick: [1, 10],
  full: [1, 3, 10],
  costs: {
    idle: { name: "an idle node", unit: "CPU ms/s", should: 0.5 },
    block: { name: "1,000 transfers from their post to their block", unit: "CPU ms", should: 0.5 },
    bytes: { name: "bytes that it sends for them", unit: "bytes", should: 1 },
    memory: { name: "memory of the node", unit: "bytes", should: 0.2 },
  },
  async measure(context: Context, peers) {
    const network = await benchNetwork(context, { authorities: 1, senders, periodMs });
    const [node] = network.nodes;
    const presigned = await presign(network.genesis, senders, perBlock * (rounds + 1));
    await startNodes(network.nodes);
    await connectPeers(network, node!, peers);
    // Waits until the gossip meshes are built.
    await sleep(3_000);
    const { pid } = node!.process;
    const idleBefore = cpuSeconds(pid);
    await sleep(idleSeconds * 1_000);
    const idle = ((cpuSeconds(pid) - idleBefore) * 1_000) / idleSeconds;
    const follower = await ChainFollower.follow(node!);
    const cpu: number[] = [];
    const bytes: number[] = [];
    const sent = () => bytesSentBy(pidsOf([node!]), [node!.httpPort]);
    for (let round = 0; round <= rounds; round++) {
      const indexes = Array.from({ length: perBlock }, (_, index) => round * perBlock + index);
      const cpuBefore = cpuSeconds(pid);
      const sentBefore = sent();
      await postAll({
        host: node!.machine.address,
        port: node!.httpPort,
        connections: 1,
        requests: buildRequests(presigned, "ssz", indexes, perBlock),
        maxAhead: 1,
      });
      await follower.hasCommitted((round + 1) * perBlock);
      // Leaves time for messages under way to the peers.
      await sleep(periodMs);
      // The first round compiles the code.
      if (round === 0) continue;
      cpu.push((cpuSeconds(pid) - cpuBefore) * 1_000);
      bytes.push(sent() - sentBefore);
    }
    const memory = memoryOf(pid).bytes;
    follower.stop();
    await stopNodes(network.nodes);
    return { idle, block: mean(cpu), bytes: mean(bytes), memory };
  },
});
