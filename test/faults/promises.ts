import assert from "node:assert/strict";
import { totalIsRight } from "../e2e/harness/checks.ts";
import type { TestNetwork } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { until } from "../e2e/harness/until.ts";

interface FinalBlock {
  id: string;
  stateRoot: string;
  transactions: string[];
}

/** Number of concurrent requests to a node. */
const concurrency = 8;

/**
 * Checks after every run, with all nodes up, that they have the same final headers and state roots, that every
 * acknowledged transaction is final exactly once, and that no coins were created or lost. @throws for the first broken
 * promise
 */
export async function checkPromises(
  network: TestNetwork,
  accepted: ReadonlySet<string>,
  timeoutMs = 60_000,
): Promise<{ height: number; transactions: number }> {
  const [first, ...others] = network.nodes as [TestNode, ...TestNode[]];
  const chain: FinalBlock[] = [];
  const missing = new Set(accepted);
  await until(
    "everything that was acknowledged is final on all nodes",
    async () => {
      const statuses = await Promise.all(network.nodes.map((node) => node.status()));
      const height = Math.min(...statuses.map(({ finalized }) => finalized!.height));
      for (const block of await read(first, chain.length, height)) {
        chain.push(block);
        for (const id of block.transactions) missing.delete(id);
      }
      if (missing.size === 0) return true;
      throw new Error(`${missing.size} are missing at ${height}, such as ${[...missing][0]}`);
    },
    { timeoutMs, everyMs: 200 },
  );
  const all = chain.flatMap(({ transactions }) => transactions);
  assert.equal(new Set(all).size, all.length, "a transaction is in two blocks");
  for (const node of others) {
    const theirs = await read(node, 0, chain.length - 1);
    assert.deepEqual(theirs, chain, `the chain of node ${node.id} is not that of node ${first.id}`);
  }
  for (const node of network.nodes) await totalIsRight(network, node);
  return { height: chain.length - 1, transactions: all.length };
}

/** Reads the blocks from `from` to `to` and checks their parents. */
async function read(node: TestNode, from: number, to: number): Promise<FinalBlock[]> {
  const blocks: FinalBlock[] = [];
  let parent: string | undefined;
  for (let start = from; start <= to; start += concurrency) {
    const heights = Array.from(
      { length: Math.min(concurrency, to + 1 - start) },
      (_, index) => start + index,
    );
    for (const block of await Promise.all(heights.map((height) => node.block(height)))) {
      if (parent) assert.equal(block.parent, parent, `parent of block ${block.height} on node ${node.id}`);
      parent = block.id;
      blocks.push({
        id: block.id,
        stateRoot: block.stateRoot,
        transactions: block.transactions.map(({ id }) => id),
      });
    }
  }
  return blocks;
}
