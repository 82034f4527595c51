import { expect, onTestFinished, test } from "vitest";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { storeGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import type { Recovery } from "../../../src/types/index.ts";
import { authorities, BlockMaker, type Tip, testGenesis } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { FakeNetwork } from "../support/network.ts";
import { recovered, recoveryAt } from "../support/recovery.ts";
import { type SyncNode, settledClock, syncNode, until } from "../support/sync-node.ts";

const genesis = await testGenesis(5, { blockReward: 0n });
const maker = new BlockMaker(genesis);
const last = await maker.extend(maker.start(), 20);
/** The chain of the lost majority, which has continued. */
const old = await maker.extend(last, 12);
const recovery = recoveryAt(genesis.id, last, authorities.slice(0, 2));
const one = await maker.block(recovered(last, recovery));
const few = await maker.block(one);
const many = await maker.extend(few, 8);

async function databaseWith(...recoveries: Recovery[]): Promise<MemoryDatabase> {
  const database = new MemoryDatabase();
  const stores = chainStores(database);
  await storeGenesis(stores, genesis);
  await acceptRecoveries(stores, genesis, recoveries);
  return database;
}

/** Makes named nodes with or without the recovery and with these blocks. The first is connected to all others. */
async function setUp(nodes: Record<string, { recovered?: boolean; tip?: Tip }>) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const made: SyncNode[] = [];
  for (const [name, { recovered: with_ = false, tip }] of Object.entries(nodes)) {
    const node = await syncNode(net, name, genesis, {
      database: await databaseWith(...(with_ ? [recovery] : [])),
    });
    if (tip) await node.addAll(tip);
    made.push(node);
  }
  onTestFinished(async () => {
    for (const node of made) await node.stop();
  });
  for (const node of made) node.start();
  const [first, ...others] = made as [SyncNode, ...SyncNode[]];
  for (const other of others) net.connect(first.network, other.network);
  const askedBy = (name: string, of: string) =>
    new Set(
      net.requests.filter(({ from, to }) => from === name && to === of).map(({ protocol }) => protocol),
    );
  return { clock, node: first, made, askedBy };
}

test("a new node with the recovery downloads headers and bodies across its block, whatever the old chain offers", async () => {
  const { clock, node, made } = await setUp({
    node: { recovered: true },
    old: { tip: old },
    peer: { recovered: true, tip: many },
  });
  await until(clock, () => node.chain.head.idHex === many.idHex);
  await until(clock, () => node.steps.at(-1) === "inStep");
  expect(node.chain.awaited).toBeUndefined();
  expect(node.chain.finalized).toMatchObject({ height: 20, round: recovery.round });
  expect(made.map(({ network }) => network.penalties)).toEqual([[], [], []]);
});

test("a node without the recovery stays on the old chain, requests only statuses and recoveries from the others, and blames none", async () => {
  const { clock, node, made, askedBy } = await setUp({
    node: {},
    old: { tip: old },
    peer: { recovered: true, tip: many },
  });
  await until(clock, () => node.chain.head.idHex === old.idHex);
  await clock.advance(30_000);
  expect(node.chain.head.idHex).toBe(old.idHex);
  expect([...askedBy("node", "peer")]).toEqual(["height"]);
  expect([...askedBy("peer", "node")]).toEqual(["height"]);
  expect(made.map(({ network }) => network.penalties)).toEqual([[], [], []]);
});

test("a node that was far behind downloads a single block of a recovery that no block follows yet", async () => {
  const { clock, node } = await setUp({ node: { recovered: true }, peer: { recovered: true, tip: last } });
  await until(clock, () => node.chain.awaited === undefined);
  expect(node.chain.head.idHex).toBe(last.idHex);
  expect(node.chain.snapshot.authorities).toEqual(recovery.authorities);
});

test("a node that leaves the old chain continues with the few blocks under the recovery", async () => {
  const before = await maker.extend(maker.start(), 19);
  const beside = await maker.block(before, { laterMs: 7 });
  const { clock, node } = await setUp({
    node: { recovered: true, tip: before },
    peer: { recovered: true, tip: few },
  });
  expect(await node.add(beside.blocks.at(-1)!).catch(({ code }) => code)).toBe("BELOW_FINALIZED");
  await until(clock, () => node.chain.head.idHex === few.idHex);
});
