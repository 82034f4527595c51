import { describe, expect, onTestFinished, test } from "vitest";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { Lead } from "../../../src/sync/lead.ts";
import { scout } from "../../../src/sync/scout.ts";
import { authorityVote, type SignedHeader } from "../../../src/types/index.ts";
import { authorities, type BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { recoveryAt } from "../support/recovery.ts";
import { type SyncNode, settledClock, syncNode } from "../support/sync-node.ts";

const genesis = await testGenesis(3, { blockReward: 0n });

async function headsOf(maker: BlockMaker, length: number) {
  const source = await testChain({ genesis });
  const tip = await maker.extend(maker.start(), length);
  await source.addAll(tip);
  return Promise.all(
    tip.blocks.map(async (_, index) => {
      const [id] = await source.chain.reader.idsUp(index + 1, 1);
      return source.chain.tree.require(id!);
    }),
  );
}

test("a node is behind only if a majority has signed more new blocks than gossip is about to deliver", async () => {
  const { chain, maker, add } = await testChain({ genesis });
  const heads = await headsOf(maker, 5);
  const leadOf = (count: number) => Lead.of("peer", { checked: heads.slice(0, count), isLast: true }, chain);
  expect(await (await leadOf(3))!.showsBehind(chain)).toBe(false);
  expect(await (await leadOf(4))!.showsBehind(chain)).toBe(true);
  // Weight decides, not length.
  const { totalDifficulty } = heads[3]!;
  const heavy = { head: { ...chain.head, totalDifficulty }, reader: chain.reader };
  expect(await (await leadOf(4))!.showsBehind(heavy)).toBe(false);
  // Known blocks do not count for a lead.
  const tip = await maker.extend(maker.start(), 2);
  for (const block of tip.blocks) await add(block);
  const rest = (await leadOf(5))!;
  expect([rest.heads.length, rest.isOfMajority, rest.top.height, rest.next]).toEqual([
    3,
    false,
    5,
    undefined,
  ]);
  expect(await leadOf(2)).toBeUndefined();
  expect((await Lead.of("peer", { checked: heads, isLast: false }, chain))!.next).toBe(6);
});

test("a block that a recovery names shows that a node is behind, whatever its weight and number of signers", async () => {
  const heads = await headsOf((await testChain({ genesis })).maker, 2);
  const { header, id } = heads[0]!;
  const node = await testChain({ genesis });
  const recovery = recoveryAt(genesis.id, { header: header.message, id }, authorities.slice(0, 1));
  await acceptRecoveries(node.stores, genesis, [recovery]);
  const { chain } = await node.reopen();
  const lead = (await Lead.of("peer", { checked: heads.slice(0, 1), isLast: true }, chain))!;
  expect([lead.isOfMajority, lead.isOfMinority]).toEqual([true, true]);
  const heavy = { head: { ...chain.head, totalDifficulty: 1_000 }, reader: chain.reader };
  expect(await lead.showsBehind(heavy)).toBe(true);
  // It may be one of several.
  const more = (await Lead.of("peer", { checked: heads, isLast: true }, chain))!;
  expect([more.holdsRecovery, more.isOfMajority]).toEqual([true, true]);
  const { chain: other } = await testChain({ genesis });
  const without = (await Lead.of("peer", { checked: heads.slice(0, 1), isLast: true }, other))!;
  expect(await without.showsBehind(other)).toBe(false);
});

test("blocks of a lead that gossip has delivered in the meantime no longer count", async () => {
  const { chain, maker, add } = await testChain({ genesis });
  const heads = await headsOf(maker, 6);
  const lead = (await Lead.of("peer", { checked: heads, isLast: true }, chain))!;
  const tip = await maker.extend(maker.start(), 6);
  const isBehind: boolean[] = [];
  for (const block of tip.blocks) {
    await add(block);
    isBehind.push(await lead.showsBehind(chain));
  }
  expect(isBehind).toEqual([true, true, false, false, false, false]);
});

test.each([
  [1, true],
  [2, true],
  [3, false],
  [4, false],
])("the %i blocks below a node's own branch do not count", async (shared, expected) => {
  const { chain, maker, addAll } = await testChain({ genesis });
  const heads = await headsOf(maker, 6);
  const lead = (await Lead.of("peer", { checked: heads, isLast: true }, chain))!;
  await addAll(await maker.extend(maker.start(), shared));
  const beside = { height: shared + 1, totalDifficulty: heads[shared]!.totalDifficulty - 1 };
  const reader = {
    canonicalId: async (height: number) =>
      height > shared ? new Uint8Array(32) : chain.reader.canonicalId(height),
  };
  expect(await lead.showsBehind({ head: beside, reader })).toBe(expected);
});

test.each([1, 30])("a chain of %i blocks that shares none, and is lighter, is behind", async (height) => {
  const { chain, maker } = await testChain({ genesis });
  const heads = await headsOf(maker, 4);
  const lead = (await Lead.of("peer", { checked: heads, isLast: true }, chain))!;
  const reader = { canonicalId: async (at: number) => (at <= height ? new Uint8Array(32) : undefined) };
  const lighter = { height, totalDifficulty: heads.at(-1)!.totalDifficulty - 1 };
  expect(await lead.showsBehind({ head: lighter, reader })).toBe(true);
});

test("four blocks that one authority has proposed show nothing", async () => {
  const { chain, maker } = await testChain({ genesis });
  const heads = await headsOf(maker, 4);
  const { proposer } = heads[0]!.header.message;
  const ofOne = heads.map((head) => ({
    ...head,
    header: { ...head.header, message: { ...head.header.message, proposer } },
  }));
  const lead = await Lead.of("peer", { checked: ofOne, isLast: true }, chain);
  expect([lead!.isOfMajority, lead!.isOfMinority]).toEqual([false, false]);
});

test("two blocks of two of three authorities show that an honest one has signed, but no majority's chain", async () => {
  const { chain, maker } = await testChain({ genesis });
  const lead = await Lead.of("peer", { checked: await headsOf(maker, 2), isLast: true }, chain);
  expect([lead!.isOfMajority, lead!.isOfMinority]).toEqual([false, true]);
});

test("signers are counted among the authorities after the block below the first that is not here", async () => {
  const lone = await testGenesis(1);
  const source = await testChain({ genesis: lone });
  const [, second] = authorities;
  const vote = authorityVote("add", second!.publicKey);
  const one = await source.maker.block(source.maker.start(), { edit: { vote } });
  const two = await source.maker.block(one, { by: second! });
  await source.addAll(two);
  const checked = await Promise.all([one, two].map(({ id }) => source.chain.tree.require(id)));
  const { chain, addAll } = await testChain({ genesis: lone });
  await addAll(one);
  const lead = await Lead.of("peer", { checked, isLast: true }, chain);
  expect([lead!.heads.length, lead!.isOfMinority]).toEqual([1, true]);
});

describe("headers of a peer", () => {
  async function shown(edit: (page: SignedHeader[]) => SignedHeader[]) {
    const clock = settledClock();
    const net = new FakeNetwork(clock);
    const [node, bad] = [await syncNode(net, "new", genesis), await syncNode(net, "bad", genesis)];
    await bad.addAll(await bad.maker.extend(bad.maker.start(), 20));
    net.fault = (peer, protocol) =>
      peer === "bad" && protocol === "headers"
        ? {
            async *answer(_request, honest) {
              for await (const page of honest()) yield edit(page as SignedHeader[]);
            },
          }
        : undefined;
    const nodes: SyncNode[] = [node, bad];
    for (const one of nodes) one.start();
    onTestFinished(async () => {
      for (const one of nodes) await one.stop();
    });
    net.connect(node.network, bad.network);
    for (let step = 0; step < 200; step++) await clock.advance(50);
    return node;
  }

  test("lead to a download of its blocks if they are valid", async () => {
    const node = await shown((page) => page);
    expect([node.chain.head.height, node.network.penalties]).toEqual([20, []]);
  });

  const edits: Record<string, (header: SignedHeader) => SignedHeader> = {
    "are unsigned": (header) => ({ ...header, signature: new Uint8Array(64) }),
    "have another difficulty than the rules": (header) => ({
      ...header,
      message: { ...header.message, difficulty: 3 - header.message.difficulty },
    }),
    "come too early": (header) => ({
      ...header,
      message: { ...header.message, timestamp: header.message.timestamp - 5_000 },
    }),
  };

  test.each(Object.entries(edits))(
    "headers that %s cost the peer score, and do not take the node out of step",
    async (_, edit) => {
      const node = await shown((page) => page.map((header, index) => (index === 5 ? edit(header) : header)));
      expect(node.chain.head.height).toBe(0);
      expect(node.steps).toEqual(["inStep"]);
      expect(node.network.penalties[0]).toMatchObject({ peer: "bad", offence: "invalidBlock" });
    },
  );

  test("headers that begin at another height than requested cost the peer score", async () => {
    const node = await shown((page) => page.slice(1));
    expect(node.network.penalties[0]).toMatchObject({ peer: "bad", offence: "invalidBlock" });
  });
});

test("gives up a peer that shows no headers, or shows them too slowly", async () => {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const [node, bad] = [await syncNode(net, "new", genesis), await syncNode(net, "bad", genesis)];
  await bad.addAll(await bad.maker.extend(bad.maker.start(), 20));
  bad.start();
  onTestFinished(async () => {
    for (const one of [node, bad]) await one.stop();
  });
  net.connect(node.network, bad.network);
  await clock.advance(100);
  net.fault = (_, protocol) => (protocol === "headers" ? { stall: true } : undefined);
  const claim = { peer: "bad", status: bad.status() as never };
  const { chain, network } = node;
  const signal = new AbortController().signal;
  let code: string | undefined;
  const startedAtMs = clock.now();
  scout(claim, { network, chain, clock, signal }).catch(
    () => (code = `after ${clock.now() - startedAtMs} ms`),
  );
  for (let step = 0; step < 200 && !code; step++) await clock.advance(50);
  expect(code).toBe("after 3000 ms");
});
