import type { ChainCosts, ChainLoad } from "./chain.ts";
import { idBytes, lazyPeers, rememberedHeartbeats } from "./gossip.ts";
import type { Links } from "./links.ts";
import { meshDegree, type Topology } from "./topology.ts";

/** An estimate for a network by a few formulas. */
export interface Estimate {
  /** The time from the seal of a block to its import by the last nodes. */
  importMs: number;
  finalMs: number;
  /** The bytes that a node sends in a second. */
  sentPerSecond: number;
}

/**
 * The publisher sends to all of its connections; from there each hop reaches `meshDegree - 1` times as many nodes. A
 * hop takes the mean latency, the work before passing on, and the time for half of the copies to leave the line. Each
 * node sends each message to all of its mesh but the one that it came from: over a long link IDONTWANT comes too late.
 * Every second some more peers are told of the messages of the last three.
 */
export function estimate(links: Links, topology: Topology, load: ChainLoad, costs: ChainCosts): Estimate {
  const nodes = topology.mesh.length;
  const connections = Math.min(nodes - 1, topology.connections[0]!.length);
  const latencyMs = meanLatencyMs(links, nodes);
  const hops = nodes <= connections + 1 ? 0 : Math.log(nodes / connections) / Math.log(meshDegree - 1);
  const spreadMs = (bytes: number, workMs: number) =>
    latencyMs +
    (connections * bytes) / links.up / 2 +
    hops * (latencyMs + workMs + ((meshDegree / 2) * bytes) / links.up);
  const transactions = (load.transactionsPerSecond * load.periodMs) / 1_000;
  const blockBytes = costs.headerBytes + transactions * costs.shortIdBytes;
  const importMs =
    spreadMs(blockBytes, costs.headerMs) + costs.headerMs + transactions * costs.importMsPerTransaction;
  const finalMs = importMs + 2 * spreadMs(costs.voteBytes, costs.verifyMs);
  const votesPerSecond = (2 * load.authorities * 1_000) / load.periodMs;
  const payload =
    load.transactionsPerSecond * costs.transactionBytes + votesPerSecond * costs.voteBytes + blockBytes;
  const messagesPerSecond = load.transactionsPerSecond / load.perMessage + votesPerSecond;
  const copies = Math.min(meshDegree, nodes - 1) - 1;
  const idsTold = nodes <= meshDegree + 1 ? 0 : lazyPeers * rememberedHeartbeats * messagesPerSecond;
  return { importMs, finalMs, sentPerSecond: payload * copies + idsTold * idBytes };
}

function meanLatencyMs(links: Links, nodes: number): number {
  const samples = 1_000;
  let sum = 0;
  for (let sample = 0; sample < samples; sample++)
    sum += links.latencyMs((sample * 7) % nodes, (sample * 13 + 1) % nodes);
  return sum / samples;
}
