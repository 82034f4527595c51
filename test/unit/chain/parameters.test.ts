import { describe, expect, test } from "vitest";
import { authorityVote, maxAmount, parameterVote } from "../../../src/types/index.ts";
import {
  authorities,
  codeOf,
  signer,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
} from "../support/chain.ts";

/** Resolves to the code of the error with which the tip's newest block is refused. */
async function refused(node: TestChain, tip: Tip): Promise<string> {
  return codeOf(node.add(tip.blocks.at(-1)!));
}

/** Makes a chain of one authority, whose vote is a majority. */
async function alone() {
  const node = await testChain({ genesis: await testGenesis(1, { slotMs: 500, emptyBlockPeriodMs: 0 }) });
  return { node, maker: node.maker };
}

describe("a block is checked and executed by the parameters after its parent", () => {
  test("the reward and the least fee change with the block after the vote", async () => {
    const { node, maker } = await alone();
    const proposer = authorities[0]!.publicKey;
    let tip = await maker.block(maker.start(), { edit: { vote: parameterVote("blockReward", 100) } });
    tip = await maker.block(tip, {
      edit: { vote: parameterVote("minFee", 50) },
      transactions: [await maker.transfer({ fee: 1n })],
    });
    await node.addAll(tip);
    expect(node.chain.snapshot.parameters).toMatchObject({ blockReward: 100n, minFee: 50n });
    expect(node.chain.state.get(proposer)?.balance).toBe(5n + 100n + 1n);
    const cheap = await maker.block(tip, {
      transactions: [await maker.transfer({ fee: 49n, nonce: 1 })],
      unexecuted: true,
    });
    expect(await refused(node, cheap)).toBe("INVALID_TRANSACTION");
  });

  test("a reorganization across changes leads to the state of the other branch", async () => {
    const { node, maker } = await alone();
    const start = await maker.block(maker.start());
    let one = await maker.block(start, { edit: { vote: parameterVote("blockReward", 100) } });
    one = await maker.block(one, { edit: { vote: parameterVote("blockReward", 7) } });
    let other = await maker.block(start, { laterMs: 1 });
    for (let count = 0; count < 3; count++) other = await maker.block(other);
    await node.addAll(one);
    await node.addAll(other);
    expect(node.chain.head.idHex).toBe(other.idHex);
    expect(node.chain.state.get(authorities[0]!.publicKey)?.balance).toBe(25n);
    const again = await node.reopen();
    expect(again.chain.snapshot.parameters.blockReward).toBe(5n);
  });

  test("a reward that no balance can hold is paid in part, and a reorganization takes back what was paid", async () => {
    const { node, maker } = await alone();
    const proposer = authorities[0]!.publicKey;
    const start = await maker.block(maker.start());
    let rich = await maker.block(start, { edit: { vote: parameterVote("blockReward", maxAmount) } });
    for (let nonce = 0; nonce < 3; nonce++)
      rich = await maker.block(rich, { transactions: [await maker.transfer({ nonce })] });
    rich = await maker.block(rich, { edit: { vote: parameterVote("blockReward", 5) } });
    rich = await maker.block(rich);
    await node.addAll(rich);
    expect(node.chain.snapshot.parameters.blockReward).toBe(5n);
    expect(node.chain.state.get(proposer)?.balance).toBe(maxAmount);

    // The balances after earlier blocks, by going back from the head.
    const seen: (bigint | undefined)[] = [];
    for (const id of await node.chain.reader.idsUp(1, 4)) {
      const block = (await node.chain.tree.get(id))!;
      await node.chain.accountsAfter(block, (accounts) => seen.push(accounts.get(proposer)?.balance));
    }
    expect(seen).toEqual([5n, 10n, maxAmount, maxAmount]);

    let other = await maker.block(start, { laterMs: 1 });
    for (let count = 0; count < 7; count++) other = await maker.block(other);
    await node.addAll(other);
    expect(node.chain.head.idHex).toBe(other.idHex);
    expect(node.chain.state.get(proposer)?.balance).toBe(45n);
    const again = await node.reopen();
    expect(again.chain.state.get(proposer)?.balance).toBe(45n);
    await again.addAll(await maker.block(other));
  });

  test("the limits of a block change with the block after the vote", async () => {
    const { node, maker } = await alone();
    const vote = { edit: { vote: parameterVote("maxBlockTransactions", 1) } };
    const transfers = [await maker.transfer({}), await maker.transfer({ nonce: 1 })];
    let tip = await maker.block(maker.start(), { ...vote, transactions: transfers });
    await node.addAll(tip);
    const full = [await maker.transfer({ nonce: 2 }), await maker.transfer({ nonce: 3 })];
    expect(await refused(node, await maker.block(tip, { transactions: full }))).toBe("TOO_MANY_TRANSACTIONS");
    tip = await maker.block(tip, {
      transactions: full.slice(0, 1),
      edit: { vote: parameterVote("maxBlockBytes", 1024) },
    });
    await node.addAll(tip);
    tip = await maker.block(tip, { edit: { vote: parameterVote("maxBlockTransactions", 100) } });
    await node.addAll(tip);
    const many = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((n) => maker.transfer({ nonce: 3 + n })));
    expect(await refused(node, await maker.block(tip, { transactions: many }))).toBe("TOO_LARGE");
  });

  test("the period changes with the block after the vote", async () => {
    const { node, maker } = await alone();
    const tip = await maker.block(maker.start(), { edit: { vote: parameterVote("periodMs", 500) } });
    await node.addAll(tip);
    expect(await refused(node, await maker.block(tip, { laterMs: -1 }))).toBe("TOO_EARLY");
    await node.addAll(await maker.block(tip));
    expect(node.chain.head.header.message.timestamp).toBe(tip.header.timestamp + 500);
  });

  test("changes of parameters survive a restart, and the set of authorities can change with them", async () => {
    const { node, maker } = await alone();
    let tip = await maker.block(maker.start(), { edit: { vote: parameterVote("minFee", 3) } });
    tip = await maker.block(tip, { edit: { vote: authorityVote("add", signer(2).publicKey) } });
    await node.addAll(tip);
    const { chain } = await node.reopen();
    expect(chain.snapshot).toEqual(node.chain.snapshot);
    expect([chain.snapshot.parameters.minFee, chain.snapshot.authorities.length]).toEqual([3n, 2]);
  });
});

describe("a transfer with a last height", () => {
  test("a transfer with a last height is valid up to that height and not in a later block", async () => {
    const { node, maker } = await alone();
    const first = await maker.block(maker.start(), {
      transactions: [await maker.transfer({ validUntil: 1 })],
    });
    await node.addAll(first);
    const late = await maker.transfer({ nonce: 1, validUntil: 1 });
    const second = await maker.block(first, { transactions: [late], unexecuted: true });
    expect(await refused(node, second)).toBe("INVALID_TRANSACTION");
    await node.addAll(
      await maker.block(first, { transactions: [await maker.transfer({ nonce: 1, validUntil: 2 })] }),
    );
  });
});
