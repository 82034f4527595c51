import { expect, test } from "vitest";
import { defaultMempoolLimits } from "../../../src/mempool/limits.ts";
import { Mempool } from "../../../src/mempool/mempool.ts";
import { blockLog, transactionLog } from "../../../src/node/event-records.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import type { Transaction } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { authorities, codeOf, testChain } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase, toArray } from "../support/database.ts";
import { verifyHere } from "../support/sync-node.ts";

/** Makes a chain, its mempool and the event log, wired as in the node. */
async function loggedNode() {
  const database = new MemoryDatabase();
  const log = await EventLog.open({ database, logger: silentLogger });
  const clock = new ManualClock();
  const joined = Promise.withResolvers<Mempool>();
  const node = await testChain({
    database,
    clock,
    participants: (chain) => {
      const mempool = new Mempool({
        config: chain.genesis.config.parameters,
        genesisId: chain.genesis.id,
        limits: defaultMempoolLimits,
        account: (address) => chain.state.get(address),
        height: () => chain.head.height,
        verify: verifyHere,
        database,
        store: new MempoolStore(database),
        clock,
        logger: silentLogger,
        log: transactionLog(log),
        pause: async () => undefined,
      });
      joined.resolve(mempool);
      return [blockLog(log), mempool];
    },
  });
  const mempool = await joined.promise;
  const read = async () =>
    (await toArray(log.read(1, 1_000))).map(({ event }) =>
      event.name === "mode" ? event.mode : `${event.name} ${toHex(event.id)}`,
    );
  const told = (transaction: Transaction) =>
    `transaction ${transactionRecord(transaction, node.maker.domain).idHex}`;
  return { ...node, database, log, mempool, read, told };
}

test("writes each event in one batch with the change that it reports, in order", async () => {
  const { maker, addAll, mempool, database, read, told, log, chain } = await loggedNode();
  let announced = 0;
  log.events.on("appended", () => announced++);
  const first = await maker.transfer({});
  const commits = database.commits;
  await mempool.add(mempool.records([first]), "local");
  expect(database.commits).toBe(commits + 1);
  expect(await read()).toEqual([told(first)]);

  // The worse branch is by the one out of turn of the two that may sign.
  const inTurn = (await maker.block(maker.start(), {})).header.proposer;
  const other = authorities.slice(0, 3).find(({ publicKey }) => publicKey.toString() !== inTurn.toString())!;
  const worse = await maker.block(maker.start(), { by: other, transactions: [first] });
  const better = await maker.block(maker.start(), {});
  await addAll(worse);
  await addAll(better);
  expect(chain.head.idHex).toBe(better.idHex);
  expect(await read()).toEqual([
    told(first),
    `block ${worse.idHex}`,
    `retracted ${worse.idHex}`,
    `block ${better.idHex}`,
    // The transaction is back in the mempool.
    told(first),
  ]);
  expect(announced).toBeGreaterThanOrEqual(3);
});

test("reports gossiped transactions when their event is on disk, without delaying them", async () => {
  const { maker, mempool, database, read, told } = await loggedNode();
  const written = Promise.withResolvers<void>();
  database.beforeCommit = () => written.promise;
  const transaction = await maker.transfer({});
  const [outcome] = await mempool.add(mempool.records([transaction]), "gossip");
  expect(outcome?.accepted).toBe(true);
  expect(await read()).toEqual([]);
  written.resolve();
  await expect.poll(read).toEqual([told(transaction)]);
});

test("does not report a change that could not be written", async () => {
  const { maker, mempool, database, read } = await loggedNode();
  database.failing = 1;
  expect(await codeOf(mempool.add(mempool.records([await maker.transfer({})]), "local"))).toBe(
    "WRITE_FAILED",
  );
  expect(await read()).toEqual([]);
});

test("reports a final block once", async () => {
  const { maker, addAll, chain, read } = await loggedNode();
  const one = await maker.block(maker.start(), {});
  const two = await maker.block(one, {});
  await addAll(two);
  const at = (round: number, { header, id }: typeof one) => ({ round, height: header.height, block: id });
  const start = { round: 0, height: 0, block: chain.genesis.id };
  const links = [
    { source: start, target: at(1, one) },
    { source: at(1, one), target: at(2, two) },
    { source: at(2, two), target: at(3, two) },
    { source: at(3, two), target: at(4, two) },
  ];
  for (const link of links) await chain.justify({ link, voters: [], signatures: [] } as never);
  expect(chain.finalized).toMatchObject({ round: 3, height: 2 });
  expect((await read()).filter((line) => line.startsWith("finalized"))).toEqual([
    `finalized ${one.idHex}`,
    `finalized ${two.idHex}`,
  ]);
});

test("reports no return of a retracted transfer that has ended on the new chain", async () => {
  const { maker, addAll, mempool, read, told } = await loggedNode();
  const [ended, lasting] = [await maker.transfer({ validUntil: 1 }), await maker.transfer({ from: 1 })];
  await addAll(await maker.block(maker.start(), { transactions: [ended, lasting] }));
  await addAll(await maker.extend(maker.start(), 2, { laterMs: 1 }));
  expect(mempool.count).toBe(1);
  const events = await read();
  expect(events).toContain(told(lasting));
  expect(events).not.toContain(told(ended));
});
