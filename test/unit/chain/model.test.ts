import fc from "fast-check";
import { expect, test } from "vitest";
import { hasSignedRecently, turnScore } from "../../../src/consensus/index.ts";
import { BlockError } from "../../../src/types/errors.ts";
import type { Block } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import {
  authorities,
  BlockMaker,
  contentsOf,
  signer,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";

/** The choices of a random block: its parent in the tree, its signer among those that may sign, and its transfers. */
interface Sprout {
  parent: number;
  by: number;
  transfers: { from: number; to: number; amount: number; fee: number }[];
}

const sprout = fc.record({
  // Parents are mostly the newest blocks, so that branches become long.
  parent: fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(30) }),
  by: fc.nat(4),
  transfers: fc.array(
    fc.record({ from: fc.nat(2), to: fc.nat(8), amount: fc.nat(1000), fee: fc.integer({ min: 1, max: 9 }) }),
    { maxLength: 3 },
  ),
});

const genesis = await testGenesis(4);
const maker = new BlockMaker(genesis);

async function grow(sprouts: Sprout[]): Promise<Tip[]> {
  const tips = [maker.start()];
  for (const { parent, by, transfers } of sprouts) {
    const tip = tips[Math.max(0, tips.length - 1 - parent)]!;
    const able = authorities.slice(0, 4).filter(({ publicKey }) => {
      return !hasSignedRecently(tip.snapshot, tip.header.height + 1, publicKey);
    });
    const state = tip.state();
    const nonces = users.map(({ publicKey }) => state.get(publicKey)?.nonce ?? 0);
    const transactions = [];
    for (const { from, to, amount, fee } of transfers) {
      // Some transfers go to accounts that the branch creates.
      const receiver = to < 3 ? users[to]!.publicKey : signer(500 + to).publicKey;
      transactions.push(
        await maker.transfer({
          from,
          to: receiver,
          amount: BigInt(amount),
          fee: BigInt(fee),
          nonce: nonces[from]!++,
        }),
      );
    }
    tips.push(await maker.block(tip, { by: able[by % able.length]!, transactions }));
  }
  return tips;
}

/** Chooses the best tip by docs/consensus.md, section 6, independently of the node's code. */
function best(tips: Tip[]): Tip {
  const score = ({ blocks, header }: Tip) => {
    if (blocks.length === 0) return 0;
    const parent = tips.find(({ id }) => compareBytes(id, header.parent) === 0)!;
    return turnScore(parent.snapshot, header);
  };
  const isBetter = (a: Tip, b: Tip) => {
    if (a.totalDifficulty !== b.totalDifficulty) return a.totalDifficulty > b.totalDifficulty;
    if (a.header.height !== b.header.height) return a.header.height < b.header.height;
    if (score(a) !== score(b)) return score(a) > score(b);
    return compareBytes(a.id, b.id) < 0;
  };
  return tips.reduce((winner, tip) => (isBetter(tip, winner) ? tip : winner));
}

/** Delivers blocks like a node, where a block waits for its parent. */
async function deliver(node: TestChain, blocks: Block[]): Promise<void> {
  let waiting = blocks;
  while (waiting.length > 0) {
    const orphans: Block[] = [];
    for (const block of waiting) {
      try {
        await node.add(block);
      } catch (error) {
        if (!(error instanceof BlockError) || error.code !== "UNKNOWN_PARENT") throw error;
        orphans.push(block);
      }
    }
    expect(orphans.length).toBeLessThan(waiting.length);
    waiting = orphans;
  }
}

test("every order of delivery ends in the state of a node that saw only the best branch", async () => {
  const order = fc.array(fc.nat(), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(sprout, { minLength: 1, maxLength: 24 }),
      order,
      order,
      async (sprouts, ...orders) => {
        const tips = await grow(sprouts);
        const winner = best(tips);
        const fresh = await testChain({ genesis });
        await fresh.addAll(winner);
        const expected = await contentsOf(fresh);
        expect(expected.head).toBe(winner.idHex);
        for (const [turn, keys] of orders.entries()) {
          const blocks = tips.slice(1).map(({ blocks }, at) => ({ block: blocks.at(-1)!, key: keys[at]! }));
          const node = await testChain({ genesis, ...(turn > 0 && { indexedLater: 1 }) });
          await deliver(
            node,
            blocks.sort((a, b) => a.key - b.key).map(({ block }) => block),
          );
          // A process that was killed has not finished its indexes.
          expect(await contentsOf(await node.reopen())).toEqual(expected);
          expect(await contentsOf(node)).toEqual(expected);
        }
      },
    ),
    { numRuns: 40, seed: 1 },
  );
});

test("reorganizes 100 blocks deep, and back", async () => {
  const node = await testChain({ genesis });
  const spend = async (tip: Tip, from: number) => {
    const nonce = tip.state().get(users[from]!.publicKey)!.nonce;
    return maker.transfer({ from, to: signer(900 + tip.header.height).publicKey, nonce, fee: 2n });
  };
  let main = await maker.block(maker.start());
  const fork = main;
  for (let depth = 0; depth < 100; depth++)
    main = await maker.block(main, { transactions: [await spend(main, 0)] });
  await node.addAll(main);
  const before = await contentsOf(node);

  let other = await maker.block(fork, { laterMs: 1, transactions: [await spend(fork, 1)] });
  for (let depth = 0; depth < 100; depth++)
    other = await maker.block(other, { transactions: [await spend(other, depth % 3)] });
  // The ids decide whether the reorganization already happens at equal height.
  const changed = { retracted: 0, applied: 0 };
  node.chain.events.on("head", ({ retracted, applied }) => {
    changed.retracted += retracted.length;
    changed.applied += applied.length;
  });
  await node.addAll(other);
  expect(changed).toEqual({ retracted: 100, applied: 101 });
  const alone = await testChain({ genesis });
  await alone.addAll(other);
  expect(await contentsOf(node)).toEqual(await contentsOf(alone));

  const back = await maker.extend(main, 2);
  await node.addAll(back);
  expect(changed).toEqual({ retracted: 201, applied: 203 });
  expect((await contentsOf(node)).accounts.length).toBe(before.accounts.length);
  expect(node.chain.head.idHex).toBe(back.idHex);
});
