import { describe, expect, test } from "vitest";
import { ChainModel } from "../../bench/model/chain.ts";
import { GossipModel } from "../../bench/model/gossip.ts";
import { createLinks, evenLinks } from "../../bench/model/links.ts";
import { createTopology, type Topology } from "../../bench/model/topology.ts";
import { createRandom } from "../../e2e/harness/random.ts";

/** Makes a ring in which each node's only peers are its two neighbours. */
function ring(nodes: number): Topology {
  const peers = Array.from({ length: nodes }, (_, node) => [(node + 1) % nodes, (node + nodes - 1) % nodes]);
  return { connections: peers, mesh: peers };
}

const slow = { latencyMs: () => 10, up: 1, down: 1_000_000 };

describe("gossip model", () => {
  test("a message takes its time on the line, its latency and the work at each hop", () => {
    const gossip = new GossipModel(slow, ring(5));
    // 100 bytes with 150 and 66 bytes around them take 316 ms on the line for each copy, one after another.
    const message = gossip.publish(0, 100, 3);
    gossip.run(10_000);
    const line = 316;
    expect(message.arrivedMs[1]).toBe(line + 10);
    expect(message.arrivedMs[4]).toBe(2 * line + 10);
    expect(message.arrivedMs[2]).toBe(line + 10 + 3 + line + 10);
    expect(message.arrivedMs[3]).toBe(2 * line + 10 + 3 + line + 10);
    // The publisher sends 2 copies and each of the others 1.
    expect([gossip.arrivals, gossip.firstArrivals]).toEqual([6, 4]);
    expect([...gossip.sentBytes].map(Math.round).slice(0, 2)).toEqual([2 * line, line]);
  });

  test("IDONTWANT saves the second copy of a large message where links are short", () => {
    const all = Array.from({ length: 4 }, (_, node) => [0, 1, 2, 3].filter((other) => other !== node));
    const topology = { connections: all, mesh: all };
    const copiesOver = (delayMs: number) => {
      const gossip = new GossipModel(evenLinks(delayMs), topology);
      gossip.publish(0, 20_000, 0);
      gossip.run(500);
      return gossip.arrivals;
    };
    expect(copiesOver(1)).toBe(3);
    expect(copiesOver(50)).toBe(9);
  });

  test("everybody is reached, in meshes of about the wanted degree", () => {
    const topology = createTopology(300, createRandom(1));
    const sizes = topology.mesh.map((peers) => peers.length);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2);
    expect(sizes.reduce((sum, size) => sum + size, 0) / 300).toBeCloseTo(6, 0);
    for (const [node, peers] of topology.mesh.entries())
      for (const peer of peers) expect(topology.connections[node]).toContain(peer);
    const gossip = new GossipModel(createLinks("home", 300, createRandom(1)), topology);
    const message = gossip.publish(7, 500, 1);
    gossip.run(2_000);
    expect(Math.max(...message.arrivedMs)).toBeLessThan(2_000);
  });
});

describe("chain model", () => {
  const costs = {
    transactionBytes: 164,
    shortIdBytes: 8,
    headerBytes: 300,
    voteBytes: 200,
    verifyMs: 0.1,
    headerMs: 1,
    importMsPerTransaction: 0.01,
  };
  const load = { periodMs: 1_000, transactionsPerSecond: 100, perMessage: 1, gateways: 2, authorities: 4 };

  test("a block is imported one way after it was sealed, and final two ways later", () => {
    const { gossip, blocks } = model();
    gossip.run(3_500);
    const [, second] = blocks;
    expect(second!.transactions.length).toBeCloseTo(100, -1);
    // The second authority made the block.
    for (const node of [0, 2, 3]) {
      const importMs = second!.importedMs[node]! - second!.sealedMs;
      // The time is that of a header, its import and a hundred transactions.
      expect(importMs).toBeGreaterThan(20 + 2);
      expect(importMs).toBeLessThan(20 + 2 + 15 + 3);
      const finalMs = second!.finalMs[node]! - second!.sealedMs;
      expect(finalMs).toBeGreaterThan(importMs + 20);
      expect(finalMs).toBeLessThan(importMs + 2 * 25 + 15);
    }
  });

  test("the same seed gives the same run", () => {
    const runs = [model(), model()].map(({ gossip, blocks }) => {
      gossip.run(3_500);
      return [gossip.arrivals, ...blocks.flatMap(({ importedMs }) => [...importedMs])];
    });
    expect(runs[0]).toEqual(runs[1]);
  });

  function model(): ChainModel {
    return new ChainModel(evenLinks(20), createTopology(4, createRandom(3)), load, costs);
  }
});
