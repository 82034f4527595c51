import { expect, test } from "vitest";
import { Chronicle } from "../../../src/chain/chronicle.ts";
import { turnOf } from "../../../src/chain/turn-of.ts";
import { difficulties } from "../../../src/consensus/index.ts";
import { ChronicleStore, keptHours } from "../../../src/storage/chronicle.ts";
import { keyRange } from "../../../src/storage/key-spaces.ts";
import { authorityVote, parameterVote } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, genesisTime, type Tip, testChain } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase, toArray } from "../support/database.ts";

const hourMs = 3_600_000;
const firstHour = Math.floor(genesisTime / hourMs);

/** Resolves when the chronicle, whose database is in memory, has counted all changes until now. */
const counted = () => new Promise(setImmediate);

/** Opens a chain that a chronicle with a database of its own follows. */
async function start() {
  let chronicle: Chronicle;
  const database = new MemoryDatabase();
  const node = await testChain({
    participants: (chain) => {
      const pause = async () => undefined;
      chronicle = new Chronicle(chain, { database, clock: new ManualClock(), pause, logger: silentLogger });
      return [];
    },
  });
  const hours = async () => {
    await counted();
    const found = await chronicle.hoursBefore(Number.MAX_SAFE_INTEGER, 10);
    return found.map(({ hour, figures: { missed, ...figures } }) => ({
      hour: hour - firstHour,
      ...figures,
      missed: missed.map(({ authority, turns }) => [toHex(authority), turns]),
    }));
  };
  const changes = async () => {
    await counted();
    const found = await chronicle.changesBelow(1_000, 10);
    return found.map(({ height, voters }) => [height, ...voters.map(toHex)]);
  };
  return { node, database, hours, changes };
}

/** The authority that has the turn after a block, or one after it. */
function by({ header, snapshot }: Tip, later = 0) {
  const turn = snapshot.authorities[(header.height + 1 + later) % snapshot.authorities.length]!;
  return authorities.find(({ publicKey }) => toHex(publicKey) === toHex(turn))!;
}

test("counts blocks, transactions and missed turns by the hour, and the same again after a restart", async () => {
  const { node, database, hours } = await start();
  const { maker } = node;
  const transactions = [await maker.transfer({}), await maker.transfer({ nonce: 1 })];
  let tip = await maker.extend(maker.start(), 2);
  tip = await maker.block(tip, { transactions, laterMs: 9_000 });
  const absent = toHex(by(tip).publicKey);
  tip = await maker.block(tip, { by: by(tip, 1), laterMs: 2 * hourMs });
  // The authority in turn has just signed, and the next one signs: nobody misses a turn.
  tip = await maker.block(tip, { by: by(tip, 1) });
  await node.addAll(tip);
  const base = { accounts: 6, authorities: 3, finalized: 0, finalityMs: 0 };
  const at = (height: number) => tip.blocks[height - 1]!.header.message.timestamp;
  const expected = [
    {
      ...{ ...base, hour: 2, fromHeight: 4, blocks: 2, transactions: 0 },
      ...{ sinceMs: at(3), untilMs: at(5), longestMs: 2 * hourMs + 1_000, missed: [[absent, 1]] },
    },
    {
      ...{ ...base, hour: 0, fromHeight: 1, blocks: 3, transactions: 2 },
      ...{ sinceMs: at(1), untilMs: at(3), longestMs: 10_000, missed: [] },
    },
  ];
  expect(await hours()).toEqual(expected);
  expect(await toArray(database.iterate(keyRange("hour")))).toHaveLength(1);
  await node.reopen();
  expect(await hours()).toEqual(expected);
});

test("the header of a block in turn tells whose turn it was, also where nothing is known of the set", async () => {
  const tree = { findSnapshotAfter: async () => undefined };
  const { maker } = await testChain();
  const block = await maker.block(maker.start());
  const signed = block.blocks[0]!.header;
  const late = { ...signed, message: { ...signed.message, difficulty: difficulties.outOfTurn } };
  const turns = [signed, late].map((header) => turnOf(tree, { height: 1, header }));
  expect(await Promise.all(turns)).toEqual([signed.message.proposer, undefined]);
});

test("does not count what a reorganization has retracted", async () => {
  const { node, hours } = await start();
  const { maker } = node;
  const transactions = [await maker.transfer({})];
  const late = await maker.block(maker.start(), { by: by(maker.start(), 1), transactions });
  const better = await maker.block(maker.start());
  for (const tip of [late, better]) await node.add(tip.blocks[0]!);
  expect(await hours()).toMatchObject([{ fromHeight: 1, blocks: 1, transactions: 0, missed: [] }]);
});

test.each([
  ["a parameter", parameterVote("minFee", 7)],
  ["the authorities", authorityVote("add", authorities[3]!.publicKey)],
])("remembers the blocks that changed %s, with the voters, until they are retracted", async (_, vote) => {
  const { node, changes } = await start();
  const { maker } = node;
  const first = await maker.block(maker.start(), { edit: { vote } });
  const second = await maker.block(first, { by: by(first, 1), edit: { vote } });
  await node.addAll(second);
  expect(await changes()).toEqual([[2, toHex(first.header.proposer), toHex(second.header.proposer)]]);
  const better = await maker.block(first);
  await node.add(better.blocks[1]!);
  expect(node.chain.head.idHex).toBe(better.idHex);
  expect(await changes()).toEqual([]);
});

test("remembers a change by a block that takes the place of one of an hour that is over", async () => {
  const { node, changes } = await start();
  const { maker } = node;
  let tip = maker.start();
  for (const laterMs of [0, 0, 2 * hourMs]) tip = await maker.block(tip, { by: by(tip, 1), laterMs });
  await node.addAll(tip);
  const edit = { vote: parameterVote("minFee", 7) };
  const better = await maker.block(await maker.block(maker.start(), { edit }), { edit });
  await node.addAll(better);
  expect(node.chain.head.idHex).toBe(better.idHex);
  expect((await changes()).map(([height]) => height)).toEqual([2]);
});

test("an hour that could not be written is written with the next block", async () => {
  const { node, database, hours } = await start();
  const { maker } = node;
  const late = await maker.block(await maker.extend(maker.start(), 3), { laterMs: 2 * hourMs });
  const next = await maker.block(late);
  database.failing = 1;
  await node.addAll(late);
  await counted();
  expect(database.entries.size).toBe(0);
  await node.add(next.blocks.at(-1)!);
  expect(await hours()).toMatchObject([
    { hour: 2, fromHeight: 5, blocks: 1 },
    { hour: 0, fromHeight: 1, blocks: 3 },
  ]);
});

test("keeps a year", async () => {
  const database = new MemoryDatabase();
  const store = new ChronicleStore(database);
  const figures = {
    ...{ fromHeight: 1, blocks: 1, transactions: 0, sinceMs: 0, untilMs: 0, longestMs: 0 },
    ...{ accounts: 0, authorities: 0, finalized: 0, finalityMs: 0, missed: [] },
  };
  for (const hour of [10, 11, 12, keptHours + 11]) await store.putHour(hour, figures);
  const kept = await store.hoursBefore(Number.MAX_SAFE_INTEGER, 10);
  expect(kept.map(({ hour }) => hour)).toEqual([keptHours + 11, 12]);
});
