import assert from "node:assert/strict";
import { productRules } from "../../../src/chain/rules.ts";
import { verifyChain } from "../../../src/node/index.ts";
import type { TestNetwork } from "./network.ts";
import type { BlockAnswer, TestNode } from "./node.ts";
import { patience, until } from "./until.ts";

/** Waits until all nodes have the same block at the greatest height that all have reached, and returns the block. */
export async function sameChain(
  nodes: readonly TestNode[],
  { atLeast = 1, timeoutMs = 60_000 } = {},
): Promise<BlockAnswer> {
  return until(
    `one chain on nodes ${nodes.map(({ id }) => id)}`,
    async () => {
      const statuses = await Promise.all(nodes.map((node) => node.status()));
      const height = Math.min(...statuses.map(({ head }) => head?.height ?? 0));
      if (height < atLeast) throw new Error(`heights ${statuses.map(({ head }) => head?.height)}`);
      const blocks = await Promise.all(nodes.map((node) => node.block(height)));
      const [first] = blocks;
      if (blocks.some(({ id }) => id !== first!.id)) throw new Error(`different blocks at ${height}`);
      if (blocks.some(({ stateRoot }) => stateRoot !== first!.stateRoot))
        throw new Error("state roots differ");
      return first!;
    },
    { timeoutMs },
  );
}

/** Returns all blocks above genesis up to `top`, ascending. */
async function chainOf(node: TestNode, top: number): Promise<BlockAnswer[]> {
  const blocks: BlockAnswer[] = [];
  for (let height = 1; height <= top; height++) blocks.push(await node.block(height));
  for (const [index, block] of blocks.entries()) {
    if (index > 0) assert.equal(block.parent, blocks[index - 1]!.id);
  }
  return blocks;
}

/** Waits until every transaction is in a block of every node, then checks that each is there once. */
export async function includedOnce(
  nodes: readonly TestNode[],
  ids: Iterable<string>,
  timeoutMs = 60_000,
): Promise<void> {
  const wanted = new Set(ids);
  for (const node of nodes) {
    const missing = new Set(wanted);
    await until(
      `node ${node.id} has included all ${wanted.size} transactions`,
      async () => {
        for (const id of missing) {
          const { status } = await node.get<{ status: string }>(`/v1/transactions/${id}`);
          if (status === "pending") throw new Error(`${missing.size} are missing, such as ${id}`);
          missing.delete(id);
        }
        return missing.size === 0;
      },
      { timeoutMs },
    );
  }
  const { height } = await sameChain(nodes);
  for (const node of nodes) {
    const counts = new Map<string, number>();
    for (const block of await chainOf(node, height)) {
      for (const { id } of block.transactions) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const wrong = [...wanted].filter((id) => counts.get(id) !== 1);
    assert.deepEqual(wrong, [], `transactions that are not once on node ${node.id}`);
    assert.ok(Math.max(0, ...counts.values()) <= 1, `a transaction is twice on node ${node.id}`);
  }
}

/** Tries until the balances of all accounts of the network were read at one head, and returns them with the head. */
export function balancesAtHead(
  node: TestNode,
  { wallets }: Pick<TestNetwork, "wallets">,
): Promise<{ height: number; balances: bigint[] }> {
  return until("balances at one head", async () => {
    const before = (await node.status()).head!;
    const accounts = await Promise.all(
      wallets.map(({ address }) => node.get<{ balance: string }>(`/v1/accounts/${address}`)),
    );
    const after = (await node.status()).head!;
    if (before.id !== after.id) return undefined;
    return { height: before.height, balances: accounts.map(({ balance }) => BigInt(balance)) };
  }) as Promise<{ height: number; balances: bigint[] }>;
}

/** Checks that the accounts together hold the genesis balances plus all rewards. */
export async function totalIsRight(network: TestNetwork, node: TestNode, reward = 0n): Promise<void> {
  const { height, balances } = await balancesAtHead(node, network);
  const total = balances.reduce((sum, balance) => sum + balance, 0n);
  assert.equal(total, network.total + reward * BigInt(height), `total at block ${height}`);
}

/**
 * Blame costs at least 15, of which some has recovered when a test looks. Slow answers cost 5 each, and happen on a
 * busy machine.
 */
export const scoreWithoutBlame = -11;

/** Checks that no node has blamed another for what it sent. */
export async function nobodyIsBlamed(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    const blamed = (await node.peers()).filter(({ score }) => score < scoreWithoutBlame);
    assert.deepEqual(blamed, [], `peers that node ${node.id} blames`);
  }
}

/** Bound of the time from a signal until the node has ended. */
export function stopWithinMs(): number {
  return 5_000 * patience.factor;
}

/**
 * Stops all nodes in time with exit code 0, and verifies their databases as `ccoin verify` does, by the `rules` of
 * their release.
 */
export async function stopAndVerify(nodes: readonly TestNode[], rules = productRules): Promise<void> {
  const ends = await Promise.all(nodes.map((node) => node.stop()));
  for (const { code, stopMs } of ends) {
    assert.equal(code, 0);
    assert.ok(stopMs < stopWithinMs(), `stopping took ${stopMs} ms`);
  }
  for (const { paths } of nodes) {
    const { blocks } = await verifyChain({ paths, rules, onProgress: () => undefined });
    assert.ok(blocks > 0);
  }
}
