import { describe, expect, test, vi } from "vitest";
import { authorities, type TestChain, type Tip, testChain, testGenesis, users } from "../support/chain.ts";
import { collect } from "../support/collect.ts";

const genesis = await testGenesis(3, { blockReward: 5n });
const [alice, bob, , late] = users.map(({ publicKey }) => publicKey);

/** Two branches from block 1 on, of which the second is better from its block 4 on. */
async function branches() {
  const node = await testChain({ genesis });
  const { maker } = node;
  const one = await maker.block(maker.start(), {
    transactions: [
      await maker.transfer({ amount: 7n, fee: 2n, memo: new TextEncoder().encode("rent") }),
      await maker.transfer({ from: 1, to: alice!, amount: 3n }),
    ],
  });
  const toLate = (nonce: number, amount: bigint) => maker.transfer({ nonce, to: late!, amount });
  const lost = [maker.start(), one];
  for (const [nonce, amount] of [
    [1, 11n],
    [2, 13n],
  ] as const)
    lost.push(await maker.block(lost.at(-1)!, { transactions: [await toLate(nonce, amount)] }));
  const kept = [maker.start(), one, await maker.block(one, { laterMs: 100 })];
  kept.push(await maker.block(kept.at(-1)!, { transactions: [await toLate(1, 17n)] }));
  kept.push(await maker.block(kept.at(-1)!));
  return { node, one, lost, kept };
}

/** Compares the history with the states that the model computes: `tips` are those from genesis to the head. */
async function expectHistory({ chain }: TestChain, tips: readonly Tip[]): Promise<void> {
  const { history, state } = chain;
  expect(chain.head.idHex).toBe(tips.at(-1)!.idHex);
  for (const [height, { id, header, state: stateOf }] of tips.entries()) {
    const expected = stateOf();
    for (const { publicKey } of [...users, ...authorities]) {
      const index = state.indexOf(publicKey);
      if (index < 0) continue;
      const balance = (await history.balanceAt(index, height)) ?? state.balance(index);
      expect([height, balance]).toEqual([height, expected.get(publicKey)?.balance ?? 0n]);
    }
    expect(await history.block(height)).toMatchObject({ id, timestamp: header.timestamp });
    expect(await history.heightAt(header.timestamp)).toBe(height);
    expect(await history.heightAt(header.timestamp - 1)).toBe(height - 1);
  }
  expect(await history.block(tips.length)).toBeUndefined();
}

async function rowsOf({ chain: { history, state } }: TestChain, address: Uint8Array) {
  const entries = await collect(history.entries(state.indexOf(address), {}, { newestFirst: true }));
  return history.rows(entries.flat());
}

const amountsOf = async (node: TestChain, address: Uint8Array) =>
  (await rowsOf(node, address)).map(({ record }) => record.transaction.message.amount);

describe("the history of accounts", () => {
  test("tells each balance after each block, with rewards and fees, also after a reorganization and a restart", async () => {
    const { node, lost, kept } = await branches();
    await node.addAll(lost.at(-1)!);
    await expectHistory(node, lost);
    expect(await amountsOf(node, late!)).toEqual([13n, 11n]);
    await node.addAll(kept.at(-1)!);
    await expectHistory(node, kept);
    // Nothing of the retracted blocks is left.
    expect(await amountsOf(node, late!)).toEqual([17n]);
    const again = await node.reopen();
    await expectHistory(again, kept);
    expect(await amountsOf(again, alice!)).toEqual([17n, 3n, 7n]);
  });

  test("holds the transactions, and what they were to the account", async () => {
    const { node, one } = await branches();
    await node.addAll(one);
    const rows = await rowsOf(node, alice!);
    expect(rows.map(({ entry, record }) => [entry.kind, record.transaction.message.amount])).toEqual([
      ["received", 3n],
      ["sent", 7n],
    ]);
    expect(rows[1]).toMatchObject({
      entry: { fee: 2n, hasMemo: true, balance: 1_000_000n - 9n },
      block: { height: 1, id: one.id, idHex: one.idHex, timestamp: one.header.timestamp },
      record: { transaction: { message: { to: bob } } },
    });
  });

  test("leaves out what a reorganization has retracted since the entries were read", async () => {
    const { node, lost, kept } = await branches();
    await node.addAll(lost.at(-1)!);
    const { history, state } = node.chain;
    const options = { newestFirst: true };
    const entries = (await collect(history.entries(state.indexOf(alice!), {}, options))).flat();
    expect(entries).toHaveLength(4);
    await node.addAll(kept.at(-1)!);
    // The place of the last entry is another transaction's now.
    expect((await history.rows(entries)).map(({ record }) => record.transaction.message.amount)).toEqual([
      17n,
      3n,
      7n,
    ]);
    // Nor is there a block at such a height any more.
    expect(await history.rows([{ ...entries[0]!, height: 99 }])).toEqual([]);
  });

  test("keeps no block that a reorganization retracts while it is read", async () => {
    const { node, lost, kept } = await branches();
    await node.addAll(lost.at(-1)!);
    const { blocks } = node.stores;
    const canonicalTimes = blocks.canonicalTimes.bind(blocks);
    blocks.canonicalTimes = async (heights) => {
      blocks.canonicalTimes = canonicalTimes;
      const read = await canonicalTimes(heights);
      await node.addAll(kept.at(-1)!);
      return read;
    };
    await rowsOf(node, late!);
    expect(await amountsOf(node, late!)).toEqual([17n]);
  });

  test("forgets blocks with the reorganization that retracts them", async () => {
    const { node, lost, kept } = await branches();
    await node.addAll(lost.at(-1)!);
    expect(await amountsOf(node, late!)).toEqual([13n, 11n]);
    for (const [at, block] of kept.at(-1)!.blocks.entries()) {
      await node.add(block);
      if (node.chain.head.idHex === kept[at + 1]!.idHex) break;
    }
    expect(await amountsOf(node, late!)).toEqual([17n]);
  });

  test("reads the id and the time of a block once", async () => {
    const { node, lost } = await branches();
    await node.addAll(lost.at(-1)!);
    const read = vi.spyOn(node.stores.blocks, "canonicalTimes");
    expect(await amountsOf(node, late!)).toEqual([13n, 11n]);
    expect(await amountsOf(node, alice!)).toEqual([13n, 11n, 3n, 7n]);
    expect(read.mock.calls).toEqual([[[3, 2]], [[1]]]);
  });
});
