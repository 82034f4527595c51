import { describe, expect, onTestFinished, test } from "vitest";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import type { ChainParticipant } from "../../../src/chain/participants.ts";
import { certificateOf, recoveryId } from "../../../src/consensus/index.ts";
import { AccountState } from "../../../src/state/index.ts";
import { type Checkpoint, type HeaderVote, parameterVote, type Recovery } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { handClock, openSigner, rootOf } from "../accounts/signing.ts";
import {
  authorities,
  codeOf,
  contentsOf,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";
import { toArray } from "../support/database.ts";
import { testProducer } from "../support/producer.ts";
import { recovered, recoveryAt } from "../support/recovery.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

/** The two of five authorities that are left. */
const left = authorities.slice(0, 2);

async function link(base: TestChain, source: Checkpoint, target: Checkpoint, voters = authorities) {
  const { finalizer } = testFinalizer(base);
  const votes = await Promise.all(voters.map((voter) => signedVote(voter, base.genesis, source, target)));
  return finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
}

/** Makes a chain of five authorities with six blocks, of which the third is final; the fifth holds a transfer. */
async function lostMajority() {
  const retracted: string[] = [];
  const nothing = { writes: [], applied: () => undefined };
  const participant: ChainParticipant = {
    prepare: async (change) => {
      retracted.push(...change.retracted.map(({ height, records }) => `${height}:${records.length}`));
      return () => nothing;
    },
    prepareFinal: () => nothing,
  };
  const imported: number[] = [];
  const participants = (chain: Chain) => {
    chain.events.on("imported", ({ height }) => imported.push(height));
    return [participant];
  };
  const base = await testChain({ genesis: await testGenesis(5), participants });
  const { maker, genesis } = base;
  const transfer = await maker.transfer({ amount: 5n });
  const tips: Tip[] = [maker.start()];
  for (let height = 1; height <= 6; height++)
    tips.push(await maker.block(tips[height - 1]!, { transactions: height === 5 ? [transfer] : [] }));
  await base.addAll(tips[6]!);
  const start = { round: 0, height: 0, block: genesis.id };
  await link(base, start, checkpoint(1, tips[3]!));
  await link(base, checkpoint(1, tips[3]!), checkpoint(2, tips[4]!));
  expect(base.chain.finalized.height).toBe(3);
  imported.length = 0;
  return { ...base, tips, transfer, retracted, imported, recovery: recoveryAt(genesis.id, tips[3]!, left) };
}

async function restart(base: TestChain, ...recoveries: Recovery[]): Promise<TestChain> {
  await acceptRecoveries(base.stores, base.genesis, recoveries);
  return base.reopen();
}

describe("a chain that continues from a recovery", () => {
  test("retracts the blocks above the recovery's block, returns their transactions, and forgets the old votes", async () => {
    const { recovery, retracted, imported, ...base } = await lostMajority();
    // More side blocks than one commit deletes.
    const side = { height: 9, parent: recovery.block.id, proposer: recovery.authorities[0]!, bodyBytes: 0 };
    for (let number = 0; number < 300; number++) {
      const id = new Uint8Array(32).fill(number >> 8, 0, 16).fill(number % 256, 16);
      await base.database.commit([base.stores.blocks.putSide({ ...side, id })]);
    }
    const { chain, stores } = await restart(base, recovery);
    expect(await toArray(stores.blocks.sides())).toEqual([]);
    expect(chain.head.height).toBe(3);
    expect(retracted).toEqual(["6:0", "5:1", "4:0"]);
    expect(imported).toEqual([]);
    expect(await chain.tree.get(base.tips[4]!.id)).toBeUndefined();
    const { authorities: set, recentSigners, openVotes, parameters } = chain.snapshot;
    expect(set).toEqual(recovery.authorities);
    expect([recentSigners, openVotes]).toEqual([[], []]);
    expect(parameters).toEqual(base.tips[3]!.snapshot.parameters);
    expect(toHex(chain.snapshot.recovery)).toBe(toHex(recoveryId(recovery)));
    const at = { round: 2 ** 32, height: 3, block: recovery.block.id };
    expect(chain.finality).toEqual({ justified: at, finalized: at });
    expect(await stores.finality.status()).toEqual({ justified: at, finalized: at });
  });

  test("goes back further than by one commit", async () => {
    const base = await testChain({ genesis: await testGenesis(5) });
    const third = await base.maker.extend(base.maker.start(), 3);
    await base.addAll(await base.maker.extend(third, 66));
    const { chain } = await restart(base, recoveryAt(base.genesis.id, third, left));
    expect([chain.head.height, chain.finalized.height]).toEqual([3, 3]);
  });

  /** Six blocks of 1, 2, 3, 1, 2, 3. The last three, or some of them, vote. From the third on, 1 alone goes on. */
  async function withVotesAbove(vote: HeaderVote, ...heights: number[]) {
    const base = await testChain({ genesis: await testGenesis(5, { blockReward: 3n }) });
    const tips = [base.maker.start()];
    for (let height = 1; height <= 6; height++) {
      const by = authorities[1 + ((height - 1) % 3)]!;
      const edit = heights.includes(height) ? { vote } : {};
      tips.push(await base.maker.block(tips.at(-1)!, { by, edit }));
    }
    await base.addAll(tips[6]!);
    return { ...base, tips, recovery: recoveryAt(base.genesis.id, tips[3]!, [authorities[1]!]) };
  }

  test("takes back the rewards that were paid, although the new set would have changed them", async () => {
    const { recovery, tips, maker, ...base } = await withVotesAbove(parameterVote("blockReward", 50), 4);
    const node = await (await restart({ ...base, maker }, recovery)).reopen();
    const { height } = node.chain.head;
    const balances = authorities.map(({ publicKey }) => node.chain.state.get(publicKey)?.balance);
    const stored = AccountState.fromAccounts((await contentsOf(node)).accounts, new Uint8Array(8));
    expect([height, balances]).toEqual([3, [undefined, 3n, 3n, 3n, undefined]]);
    expect(toHex(stored.stateRoot(tips[3]!.snapshot))).toBe(toHex(tips[3]!.header.stateRoot));
    const next = await maker.block(recovered(tips[3]!, recovery));
    expect(await node.add(next.blocks.at(-1)!)).toBe("head");
  });

  test("continues with the parameters that the recovery sets", async () => {
    const { tips, maker, ...base } = await lostMajority();
    const set = { blockReward: 40n, minFee: 7n, periodMs: 2_000, emptyBlockPeriodMs: 0 };
    const recovery = recoveryAt(base.genesis.id, tips[3]!, left, undefined, set);
    const node = await (await restart({ ...base, maker }, recovery)).reopen();
    expect(node.chain.snapshot.parameters).toEqual({ ...tips[3]!.snapshot.parameters, ...set });
    const soon = await maker.block(recovered(tips[3]!, recovery), { laterMs: -1 });
    expect(await codeOf(node.add(soon.blocks.at(-1)!))).toBe("TOO_EARLY");
    const cheap = await maker.block(recovered(tips[3]!, recovery), {
      transactions: [await maker.transfer({ fee: 6n })],
      unexecuted: true,
    });
    expect(await codeOf(node.add(cheap.blocks.at(-1)!))).toBe("INVALID_TRANSACTION");
    const next = await maker.block(recovered(tips[3]!, recovery));
    expect(await node.add(next.blocks.at(-1)!)).toBe("head");
    expect(node.chain.snapshot.parameters).toEqual(recovery.parameters);
    const { proposer } = next.header;
    expect(node.chain.state.get(proposer)!.balance - (tips[3]!.state().get(proposer)?.balance ?? 0n)).toBe(
      40n,
    );
    expect((await node.reopen()).chain.head.idHex).toBe(next.idHex);
  });

  test("a recovery can go back to rules that the program knows", async () => {
    const base = await testChain({ genesis: await testGenesis(1) });
    const { maker } = base;
    const last = await maker.block(maker.start(), { edit: { vote: parameterVote("rules", 2) } });
    await base.addAll(last);
    expect(base.chain.unknownRules).toBe(2);
    const back = recoveryAt(base.genesis.id, last, authorities.slice(0, 1), undefined, { rules: 1 });
    const node = await restart(base, back);
    expect(node.chain.unknownRules).toBeUndefined();
    const next = await maker.block(recovered(last, back));
    expect(await node.add(next.blocks.at(-1)!)).toBe("head");
    expect(node.chain.snapshot.parameters.rules).toBe(1);
  });

  test("a chain does not continue with accounts that are not those of the recovery's block", async () => {
    const { recovery, tips, ...base } = await withVotesAbove(parameterVote("blockReward", 50), 4);
    await base.database.commit([base.stores.blocks.putUndo(tips[4]!.id, { accounts: 5, income: 3n })]);
    expect(await codeOf(restart(base, recovery))).toBe("DAMAGED");
  });

  test("goes back from the block that enacts rules which only later programs know", async () => {
    const { recovery, tips, ...base } = await withVotesAbove(parameterVote("rules", 2), 4, 5, 6);
    expect(tips[6]!.snapshot.parameters.rules).toBe(2);
    const node = await restart(base, recovery);
    expect(node.chain.head.height).toBe(3);
  });

  test("keeps the record of what was signed: no slot twice, and votes only from the recovery's round on", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const clock = handClock(tips[6]!.header.timestamp);
    const open = () => openSigner(base.database, { clock });
    const header = (root: number) => ({ slot: 7, root: rootOf(root) });
    const vote = (sourceRound: number, root: number) => ({
      ...{ sourceRound, targetRound: sourceRound + 1 },
      root: rootOf(root),
    });
    const before = await open();
    await before.signHeader(header(1));
    await before.signFinalityVote(vote(2, 1));
    await restart(base, recovery);
    const after = await open();
    await expect(after.signHeader(header(2))).rejects.toMatchObject({ code: "SLASHABLE_HEADER" });
    await expect(after.signFinalityVote(vote(2, 2))).rejects.toMatchObject({ code: "SLASHABLE_VOTE" });
    await after.signFinalityVote(vote(recovery.round, 3));
  });

  test("the new set alone continues the chain, and its blocks commit to the recovery by their state root", async () => {
    const { recovery, tips, transfer, ...base } = await lostMajority();
    const node = await restart(base, recovery);
    // A block of the old set would pass every check but that of the state root.
    const old = await node.maker.block({
      ...tips[3]!,
      snapshot: { ...recovered(tips[3]!, recovery).snapshot, recovery: new Uint8Array(32) },
    });
    expect(await codeOf(node.add(old.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
    expect(await codeOf(node.add(tips[4]!.blocks.at(-1)!))).toMatch(/NOT_AN_AUTHORITY|WRONG_/);
    let tip = recovered(tips[3]!, recovery);
    tip = await node.maker.block(tip, { transactions: [transfer] });
    await node.add(tip.blocks.at(-1)!);
    tip = await node.maker.block(tip);
    await node.add(tip.blocks.at(-1)!);
    expect(node.chain.head.idHex).toBe(tip.idHex);
    expect(node.chain.state.get(users[0]!.publicKey)).toMatchObject({ nonce: 1 });
    const again = await node.reopen();
    expect(again.chain.head.idHex).toBe(tip.idHex);
    expect(toHex(again.chain.snapshot.recovery)).toBe(toHex(recoveryId(recovery)));
    expect(await contentsOf(again)).toEqual(await contentsOf(node));
  });

  test("blocks of the old set do not continue the chain in a batch with the recovery's block", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const fresh = await restart(await testChain({ genesis: base.genesis }), recovery);
    await fresh.addAll(tips[2]!);
    const batch = await Promise.all(tips[4]!.blocks.slice(2).map(fresh.check));
    expect(await codeOf(fresh.chain.importBlocks(batch))).toMatch(/NOT_AN_AUTHORITY|WRONG_/);
    expect(fresh.chain.head.idHex).toBe(tips[3]!.idHex);
  });

  test("becomes final by votes of the new set for blocks above the recovery's, and by no other votes", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const node = await restart(base, recovery);
    const one = await node.maker.block(recovered(tips[3]!, recovery));
    const two = await node.maker.block(one);
    for (const tip of [one, two]) await node.add(tip.blocks.at(-1)!);
    const start = { round: recovery.round, height: 3, block: recovery.block.id };
    // The voters are more than two thirds of the old set.
    const high = recovery.round + 100;
    expect(await codeOf(link(node, checkpoint(1, tips[2]!), { ...start, round: high }))).toBe(
      "BEFORE_RECOVERY",
    );
    expect(await codeOf(link(node, start, checkpoint(high, one)))).toBe("NOT_AN_AUTHORITY");
    await link(node, start, checkpoint(recovery.round + 1, one), left);
    await link(node, checkpoint(recovery.round + 1, one), checkpoint(recovery.round + 2, two), left);
    expect(node.chain.finalized).toMatchObject({ height: 4, round: recovery.round + 1 });
  });

  test("a chain can be recovered again, from the same block and from a later one", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const { genesis, maker } = base;
    const second = recoveryAt(genesis.id, tips[3]!, authorities.slice(2, 4), recovery);
    const node = await restart(base, recovery, second);
    expect(node.chain.snapshot.authorities).toEqual(second.authorities);
    expect(node.chain.finalized).toMatchObject({ height: 3, round: second.round });
    const one = await maker.block(recovered(tips[3]!, second));
    await node.add(one.blocks.at(-1)!);
    const third = recoveryAt(genesis.id, one, left, second);
    const later = await restart(node, recovery, second, third);
    expect(later.chain.head.height).toBe(4);
    expect(later.chain.snapshot.authorities).toEqual(third.authorities);
    const two = await maker.block(recovered(one, third));
    await later.add(two.blocks.at(-1)!);
    expect(later.chain.head.height).toBe(5);
  });

  test("a node that was given the recovery before any block follows the chain from genesis", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const fresh = await restart(await testChain({ genesis: base.genesis }), recovery);
    expect(fresh.chain.awaited).toEqual(recovery);
    const one = await base.maker.block(recovered(tips[3]!, recovery));
    const beside = await base.maker.block(tips[2]!, { laterMs: 5 });
    expect(await fresh.chain.checkHeaders(one.blocks.map(({ header }) => header))).toHaveLength(4);
    await fresh.addAll(tips[2]!);
    expect(await codeOf(fresh.add(beside.blocks.at(-1)!))).toBe("BELOW_FINALIZED");
    expect(fresh.chain.awaited).toEqual(recovery);
    await fresh.chain.importBlocks(await Promise.all(one.blocks.slice(2).map(fresh.check)));
    expect(fresh.chain.awaited).toBeUndefined();
    expect(fresh.chain.head.idHex).toBe(one.idHex);
    expect(fresh.chain.finalized).toMatchObject({ height: 3, round: recovery.round });
  });

  test("makes a node on another branch go back below the recovery's height, and switch when its block arrives", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const other = await testChain({ genesis: base.genesis });
    let beside = await base.maker.block(tips[2]!, { laterMs: 5 });
    beside = await base.maker.extend(beside, 3);
    await other.addAll(beside);
    const node = await restart(other, recovery);
    expect(node.chain.head.height).toBe(2);
    await node.add(tips[3]!.blocks.at(-1)!);
    expect(node.chain.head.idHex).toBe(tips[3]!.idHex);
    expect(node.chain.snapshot.authorities).toEqual(recovery.authorities);
  });

  test("makes a node leave a heavier branch when the recovery's block arrives", async () => {
    const node = await testChain({ genesis: await testGenesis(5) });
    const { maker, genesis, addAll } = node;
    let out = maker.start();
    for (const by of [3, 4, 0]) out = await maker.block(out, { by: authorities[by]! });
    const own = await maker.extend(maker.start(), 2);
    await addAll(own);
    expect(own.totalDifficulty).toBeGreaterThan(out.totalDifficulty);
    const again = await restart(node, recoveryAt(genesis.id, out, left));
    expect(again.chain.head.idHex).toBe(own.idHex);
    await again.addAll(out);
    expect(again.chain.head.idHex).toBe(out.idHex);
    expect(again.chain.awaited).toBeUndefined();
  });

  test("switches to the recovery's block on a side branch", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    const other = await testChain({ genesis: base.genesis });
    const beside = await base.maker.extend(await base.maker.block(tips[2]!, { laterMs: 5 }), 2);
    await other.addAll(beside);
    await other.addAll(tips[4]!);
    expect(other.chain.head.idHex).toBe(beside.idHex);
    const node = await restart(other, recovery);
    expect(node.chain.head.idHex).toBe(tips[3]!.idHex);
    expect(await node.chain.tree.get(tips[4]!.id)).toBeUndefined();
  });
});

describe("a node that has a recovery, and the blocks up to two below the recovery's", () => {
  /** Makes a node whose account is in the old and in the new set and could sign under both. */
  async function awaiting() {
    const { recovery, tips, ...base } = await lostMajority();
    const node = await restart(await testChain({ genesis: base.genesis }), recovery);
    await node.addAll(tips[2]!);
    const bring = () => node.add(tips[3]!.blocks.at(-1)!);
    return { ...node, recovery, tips, bring };
  }

  test("makes no block until the recovery's arrives, then the first one on top", async () => {
    const { chain, clock, recovery, bring } = await awaiting();
    const made: number[] = [];
    chain.events.on("sealed", ({ height }) => made.push(height));
    const producer = testProducer({ chain, clock, signer: authorities[0]! });
    onTestFinished(() => producer.stop());
    clock.settle = () => chain.idle();
    producer.enabled = true;
    await clock.advance(10_000);
    expect([made, clock.pending]).toEqual([[], 0]);
    expect(chain.awaited).toEqual(recovery);
    await bring();
    await clock.advance(5_000);
    expect(made).toEqual([4]);
  });

  test("a node that has a recovery, and the blocks up to two below its block, does not produce on request either", async () => {
    const { chain } = await awaiting();
    const proposal = {
      signer: { ...authorities[3]!, signHeader: () => expect.fail() },
      parentId: chain.head.id,
      timestampMs: chain.head.header.message.timestamp + 1_000,
      difficulty: 2,
      allowEmpty: true,
      select: () => [],
    };
    expect(await chain.produce(proposal)).toBeUndefined();
    expect(chain.head.height).toBe(2);
  });

  test("casts no vote until the recovery's block arrives, then for the blocks above it", async () => {
    const { clock, recovery, bring, ...node } = await awaiting();
    const { voter, votes } = testFinalizer({ clock, ...node });
    onTestFinished(() => voter.stop());
    voter.enabled = true;
    await clock.advance(10_000);
    expect([votes, clock.pending]).toEqual([[], 0]);
    await bring();
    await clock.advance(5_000);
    expect(votes).toEqual([]);
    const next = await node.maker.block(recovered(node.tips[3]!, recovery));
    await node.add(next.blocks.at(-1)!);
    await clock.advance(5_000);
    expect(votes).toEqual([`${recovery.round} -> ${recovery.round + 1} at 4`]);
  });
});

describe("a recovery is refused", () => {
  const keep = (base: TestChain, ...recoveries: Recovery[]) =>
    codeOf(acceptRecoveries(base.stores, base.genesis, recoveries));

  test("refuses a recovery whose block is below a final block or conflicts with it", async () => {
    const { tips, ...base } = await lostMajority();
    expect(await keep(base, recoveryAt(base.genesis.id, tips[2]!, left))).toBe("OTHER_FINAL_BLOCK");
    const beside = await base.maker.block(tips[2]!, { laterMs: 5 });
    expect(await keep(base, recoveryAt(base.genesis.id, beside, left))).not.toBe("no error");
    await base.add(beside.blocks.at(-1)!).catch(() => undefined);
    expect(await keep(base, recoveryAt(base.genesis.id, beside, left))).toBe("OTHER_FINAL_BLOCK");
    expect(await base.stores.recoveries.all()).toEqual([]);
  });

  test("refuses a recovery whose round has passed, which is for another chain, or which replaces another recovery", async () => {
    const { recovery, tips, ...base } = await lostMajority();
    expect(await keep(base, { ...recovery, round: 1 })).toBe("OTHER_FINAL_BLOCK");
    expect(await keep(base, { ...recovery, genesisId: new Uint8Array(32).fill(7) })).toBe("WRONG_CHAIN");
    expect(await keep(base, recovery)).toBe("no error");
    expect(await keep(base, recovery)).toBe("no error");
    const other = recoveryAt(base.genesis.id, tips[3]!, authorities.slice(0, 3));
    expect(await keep(base, other)).toBe("OTHER_RECOVERY");
    expect(await base.stores.recoveries.all()).toEqual([recovery]);
  });
});
