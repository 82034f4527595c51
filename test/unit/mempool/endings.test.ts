import { describe, expect, test } from "vitest";
import { Endings } from "../../../src/mempool/endings.ts";
import { PoolEntry } from "../../../src/mempool/pool-entry.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import { parameterVote } from "../../../src/types/authority.ts";
import { encodeRecords } from "../../../src/types/index.ts";
import { type Tip, type Transfer, testGenesis, users } from "../support/chain.ts";
import { type TestPool, testPool } from "../support/mempool.ts";

async function add(pool: TestPool, transfers: Transfer[], source: "local" | "gossip" = "local") {
  const signed = await Promise.all(transfers.map((transfer) => pool.maker.transfer(transfer)));
  const outcomes = await pool.mempool.add(pool.mempool.records(signed), source);
  return outcomes.map((outcome) => (outcome.accepted ? "accepted" : outcome.code));
}

/** Advances the head by empty blocks. */
async function grow(pool: TestPool, tip: Tip, count = 1): Promise<Tip> {
  const next = await pool.maker.extend(tip, count);
  await pool.addAll(next);
  return next;
}

const waiting = ({ mempool }: TestPool) =>
  [...mempool.entries()]
    .map(({ record: { transaction } }) => transaction.message.nonce)
    .sort((a, b) => a - b);

const onDisk = async (pool: TestPool) => (await pool.batches()).flat().sort();

/** Sets the least fee of a chain of one authority, whose vote decides at once. */
async function withLeastFee(pool: TestPool, tip: Tip, minFee: number): Promise<Tip> {
  const next = await pool.maker.block(tip, { edit: { vote: parameterVote("minFee", minFee) } });
  await pool.addAll(next);
  expect(pool.chain.snapshot.parameters.minFee).toBe(BigInt(minFee));
  return next;
}

describe("a transfer with a last height", () => {
  test("admits a transfer that the next block may hold, and otherwise refuses it with the head's height", async () => {
    const pool = await testPool();
    await grow(pool, pool.maker.start(), 2);
    expect(await add(pool, [{ validUntil: 3 }, { from: 1, validUntil: 2 }])).toEqual(["accepted", "EXPIRED"]);
    expect(await add(pool, [{ from: 1, validUntil: 1 }], "gossip")).toEqual(["EXPIRED"]);
    const [record] = pool.mempool.records([await pool.maker.transfer({ from: 1, validUntil: 2 })]);
    const [refusal] = await pool.mempool.add([record!], "peer");
    expect(refusal).toMatchObject({ detail: "it was valid until block 2, the head is block 2" });
    expect(await add(pool, [{ from: 1, validUntil: 2 ** 53 }])).toEqual(["MALFORMED"]);
    expect(pool.mempool.count).toBe(1);
  });

  test("removes a transfer from pool and disk when the head reaches its last height; the others of its batch stay", async () => {
    const pool = await testPool();
    await add(pool, [{ validUntil: 2 }, { from: 1, validUntil: 3 }, { from: 2 }]);
    let tip = await grow(pool, pool.maker.start());
    expect(pool.mempool.count).toBe(3);
    tip = await grow(pool, tip);
    expect(pool.mempool.count).toBe(2);
    expect(await onDisk(pool)).toEqual(pool.durable());
    tip = await grow(pool, tip);
    expect(pool.mempool.count).toBe(1);
    expect(await onDisk(pool)).toEqual(pool.durable());
  });

  test("removes all transfers with the same last height", async () => {
    const pool = await testPool();
    await add(pool, [{ validUntil: 1 }, { from: 1, validUntil: 1 }, { from: 2, validUntil: 1 }]);
    await pool.addAll(
      await pool.maker.block(pool.maker.start(), {
        transactions: [await pool.maker.transfer({ validUntil: 1 })],
      }),
    );
    expect(pool.mempool.count).toBe(0);
  });

  test("deletes its batch from the disk if it was the last of it", async () => {
    const pool = await testPool();
    await add(pool, [{ validUntil: 1 }]);
    await grow(pool, pool.maker.start());
    expect(await pool.batches()).toEqual([]);
  });

  test("leaves its later nonces waiting for the one that is missing, and its nonce to another", async () => {
    const pool = await testPool();
    await add(pool, [{ validUntil: 1 }, { nonce: 1 }, { nonce: 2 }]);
    await grow(pool, pool.maker.start());
    expect(waiting(pool)).toEqual([1, 2]);
    expect([...(await pool.mempool.executable())]).toEqual([]);
    expect(pool.mempool.hasExecutable).toBe(false);
    expect(pool.mempool.pendingNonce(users[0]!.publicKey)).toBe(0);
    expect(await add(pool, [{ nonce: 0, amount: 2n }])).toEqual(["accepted"]);
    expect([...(await pool.mempool.executable())]).toHaveLength(3);
  });

  test("gives no free places to later nonces, which pay like all that wait for a missing nonce", async () => {
    const pool = await testPool({ limits: { maxAhead: 8 } });
    const many = Array.from({ length: 20 }, (_, index) => ({ nonce: index + 1 }));
    await add(pool, [{ validUntil: 1 }]);
    await add(pool, many);
    expect(pool.mempool.count).toBe(21);
    await grow(pool, pool.maker.start());
    expect(waiting(pool)).toEqual([1, 2, 3, 4]);
    expect(await onDisk(pool)).toEqual(pool.durable());
    expect(await add(pool, [{ from: 1, nonce: 1 }])).toEqual(["MEMPOOL_FULL"]);
    // The places are free again when the missing transaction has arrived.
    expect(await add(pool, [{ nonce: 0, amount: 2n }])).toEqual(["accepted"]);
    expect(await add(pool, [{ from: 1, nonce: 1 }])).toEqual(["accepted"]);
  });

  test("a transfer that has ended does not restore at a restart the transaction that it has replaced", async () => {
    const pool = await testPool();
    await add(pool, [{ nonce: 0 }, { nonce: 1 }]);
    expect(await add(pool, [{ nonce: 0, fee: 5n, validUntil: 2 }])).toEqual(["accepted"]);
    expect(await add(pool, [{ nonce: 0, fee: 9n, validUntil: 1 }])).toEqual(["accepted"]);
    expect((await pool.restart()).durable()).toEqual(pool.durable());
    await grow(pool, pool.maker.start());
    expect(waiting(pool)).toEqual([1]);
    expect(waiting(await pool.restart())).toEqual([1]);
  });

  test("drops a transfer at a restart that ended while the node was away, with the transaction that it has replaced", async () => {
    const pool = await testPool();
    await grow(pool, pool.maker.start(), 3);
    const store = new MempoolStore(pool.database);
    const transfers: Transfer[][] = [
      [{ nonce: 0 }, { nonce: 1 }, { from: 1, validUntil: 4 }],
      [{ nonce: 0, fee: 5n, validUntil: 3 }],
    ];
    for (const [sequence, list] of transfers.entries()) {
      const signed = await Promise.all(list.map((transfer) => pool.maker.transfer(transfer)));
      const encoded = encodeRecords(pool.mempool.records(signed));
      await pool.database.commit([store.put({ sequence, receivedAtMs: pool.clock.now(), list: encoded })]);
    }
    const again = await pool.restart();
    expect(waiting(again)).toEqual([0, 1]);
    expect([...again.mempool.entries()].map(({ record }) => record.transaction.message.validUntil)).toEqual([
      0, 4,
    ]);
    expect(await onDisk(again)).toEqual(again.durable());
  });

  test("a transfer does not return from a retracted block if it has ended on the new chain", async () => {
    const pool = await testPool();
    const { maker } = pool;
    const transactions = [
      await maker.transfer({ validUntil: 1 }),
      await maker.transfer({ from: 1, validUntil: 3 }),
    ];
    await pool.addAll(await maker.block(maker.start(), { transactions }));
    const announced: number[] = [];
    pool.mempool.events.on("added", ({ records }) => announced.push(records.length));
    await pool.addAll(await maker.extend(maker.start(), 2, { laterMs: 1 }));
    expect([...pool.mempool.entries()].map(({ record }) => record.transaction.message.validUntil)).toEqual([
      3,
    ]);
    expect(announced).toEqual([1]);
    expect(await onDisk(pool)).toEqual(pool.durable());
  });
});

test("the index of last heights misses none after a reorganization to a lower height", async () => {
  const pool = await testPool();
  const endings = new Endings();
  const entry = async (validUntil: number) => {
    const [record] = pool.mempool.records([await pool.maker.transfer({ validUntil })]);
    return new PoolEntry(record!, { receivedAtMs: 0, hides: [], sequence: 0 });
  };
  const [a, b, c, d, e] = await Promise.all([10, 30, 8, 0, 30].map(entry));
  for (const each of [a!, b!]) endings.add(each);
  expect(endings.take(9)).toEqual([]);
  expect(endings.take(20)).toEqual([a]);
  // The head is at 7 now.
  for (const each of [c!, d!]) endings.add(each);
  expect(endings.take(7)).toEqual([]);
  expect(endings.take(8)).toEqual([c]);
  endings.add(e!);
  endings.remove(b!);
  expect(endings.take(30)).toEqual([e]);
});

describe("a least fee that a vote has raised", () => {
  test("removes transactions that pay less from pool and disk, and offers them to no block again", async () => {
    const pool = await testPool({ genesis: await testGenesis(1) });
    await add(pool, [{ fee: 4n }, { nonce: 1, fee: 9n }, { from: 1, fee: 5n }]);
    await add(pool, [{ from: 2, fee: 4n }], "gossip");
    const tip = await withLeastFee(pool, pool.maker.start(), 5);
    expect([...(await pool.mempool.executable())].map(({ transaction }) => transaction.message.fee)).toEqual([
      5n,
    ]);
    expect(waiting(pool)).toEqual([0, 1]);
    expect(await onDisk(pool)).toEqual(pool.durable());
    // Nothing returns when the fee is lowered again.
    await withLeastFee(pool, tip, 1);
    expect((await pool.restart()).durable()).toEqual(pool.durable());
  });

  test("applies at a restart, and to transactions that a reorganization returns", async () => {
    const genesis = await testGenesis(1);
    const pool = await testPool({ genesis });
    const { maker } = pool;
    const transactions = [await maker.transfer({ fee: 4n })];
    const short = await maker.block(maker.start(), { transactions });
    await pool.addAll(short);
    await withLeastFee(pool, short, 5);
    // The reorganization does not change the least fee; the returned transfer is older than it.
    const vote = parameterVote("minFee", 5);
    const rival = await maker.block(maker.start(), { laterMs: 1, edit: { vote } });
    const announced: number[] = [];
    pool.mempool.events.on("added", ({ records }) => announced.push(records.length));
    await pool.addAll(await maker.extend(rival, 2));
    expect(pool.chain.snapshot.parameters.minFee).toBe(5n);
    expect(pool.mempool.count).toBe(0);
    expect(announced).toEqual([]);

    const store = new MempoolStore(pool.database);
    const list = encodeRecords(pool.mempool.records([await maker.transfer({ fee: 3n })]));
    await pool.database.commit([store.put({ sequence: 99, receivedAtMs: pool.clock.now(), list })]);
    const again = await pool.restart();
    expect(again.mempool.count).toBe(0);
    expect(await again.batches()).toEqual([]);
  });
});
