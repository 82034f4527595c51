import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Transaction, TransactionRecord } from "../../../src/types/index.ts";
import { equalBytes, toHex } from "../../../src/util/bytes.ts";
import { startBalance, users } from "../support/chain.ts";
import { agree, recordsOf, type TestPool, testPool } from "../support/mempool.ts";

const block = (height: number, records: TransactionRecord[]) => ({ height, records });

/** The accounts in which only the first user has sent something. */
const after = {
  get: (address: Uint8Array) => ({ nonce: equalBytes(address, users[0]!.publicKey) ? 1 : 0, balance: 9n }),
};
const pause = async () => undefined;

/**
 * A reorganization to three blocks, the first two of which hold a transfer each. Another transfer of the same sender
 * waits, written together with them. `meanwhile` runs in the pause with this number. Returns false if there are fewer.
 */
async function reorganize(
  number: number,
  meanwhile: (pool: TestPool, transfers: readonly Transaction[]) => Promise<void>,
) {
  let pauses: number | undefined;
  const pool = await testPool({
    pause: async () => {
      if (pauses !== undefined && pauses++ === number) await meanwhile(pool, transfers);
    },
  });
  const { maker, mempool } = pool;
  const transfers = await Promise.all([0, 1, 2].map((nonce) => maker.transfer({ nonce })));
  await mempool.add(mempool.records(transfers.slice(1)), "local");
  await pool.addAll(await maker.extend(maker.start(), 2));
  const first = await maker.block(maker.start(), { laterMs: 1, transactions: transfers.slice(0, 1) });
  const second = await maker.block(first, { transactions: transfers.slice(1, 2) });
  const third = await maker.block(second);
  const blocks = await Promise.all(third.blocks.map((block) => pool.check(block)));
  for (const block of blocks.slice(0, 2)) await pool.chain.importBlock(block);
  expect(pool.chain.head.height).toBe(2);
  pauses = 0;
  await pool.chain.importBlock(blocks[2]!);
  expect(pool.chain.head.idHex).toBe(third.idHex);
  expect([...mempool.entries()].map(({ nonce }) => nonce)).toEqual([2]);
  await agree(pool);
  expect(pool.durable()).toHaveLength(1);
  return pauses > number;
}

test("a transaction added in any pause of a reorganization leaves if a new block holds it", async () => {
  let number = 0;
  const add = async ({ mempool }: TestPool, transfers: readonly Transaction[]) => {
    const [outcome] = await mempool.add(mempool.records(transfers.slice(0, 1)), "local");
    expect(outcome!.accepted).toBe(true);
  };
  while (await reorganize(number, add)) number++;
  expect(number).toBeGreaterThan(6);
});

test("a transaction that replaces another in any pause of a reorganization leaves with the block that holds its nonce", async () => {
  let number = 0;
  const replace = async ({ mempool, maker }: TestPool) => {
    const rival = await maker.transfer({ nonce: 1, fee: 100n });
    const [outcome] = await mempool.add(mempool.records([rival]), "local");
    expect(outcome!.accepted).toBe(true);
  };
  while (await reorganize(number, replace)) number++;
  expect(number).toBeGreaterThan(6);
});

test("looks up the transactions of one block between two pauses", async () => {
  const { mempool, maker } = await testPool();
  const transfers = await Promise.all([0, 1, 2, 3, 4].map((nonce) => maker.transfer({ nonce })));
  const records = mempool.records(transfers);
  let looked = 0;
  const steps: number[] = [];
  const pause = async () => {
    steps.push(looked);
    looked = 0;
  };
  const watched = (height: number) => ({
    height,
    get records() {
      looked += records.length;
      return records;
    },
  });
  const change = { applied: [watched(1), watched(2)], retracted: [watched(3), watched(2), watched(1)] };
  const prepare = await mempool.prepare(change, { get: () => ({ nonce: 9, balance: 0n }) }, pause);
  expect([...steps, looked]).toEqual([5, 10, 5, 5, 0]);
  expect(prepare().writes).toEqual([]);
});

test("a sender's next transaction is added in any pause of a reorganization that retracts those before", async () => {
  let number = 0;
  for (let isLast = false; !isLast; number++) {
    let pauses: number | undefined;
    let isAdded = false;
    const pool = await testPool({
      pause: async () => {
        if (pauses === undefined || pauses++ !== number) return;
        const [outcome] = await mempool.add(mempool.records(transfers.slice(2)), "local");
        isAdded = outcome!.accepted;
      },
    });
    const { maker, mempool } = pool;
    // All of them together cost all that the sender has.
    const amount = startBalance / 3n - 1n;
    const amounts = [amount, amount, startBalance - 2n * (amount + 1n) - 1n];
    const transfers = await Promise.all(
      amounts.map((each, nonce) => maker.transfer({ nonce, amount: each, fee: 1n })),
    );
    const first = await maker.block(maker.start(), { transactions: transfers.slice(0, 1) });
    await pool.addAll(await maker.block(first, { transactions: transfers.slice(1, 2) }));
    const better = await maker.extend(maker.start(), 3, { laterMs: 1 });
    const blocks = await Promise.all(better.blocks.map((block) => pool.check(block)));
    pauses = 0;
    for (const block of blocks) await pool.chain.importBlock(block);
    expect(pool.chain.head.idHex).toBe(better.idHex);
    isLast = pauses <= number;
    expect(isAdded).toBe(!isLast);
    expect([...mempool.entries()].map(({ nonce }) => nonce).sort()).toEqual(isLast ? [0, 1] : [0, 1, 2]);
    expect(mempool.pendingNonce(transfers[0]!.message.from)).toBe(isLast ? 2 : 3);
    expect(await pool.stored()).toEqual(pool.durable());
    expect(pool.durable()).toHaveLength(mempool.count);
  }
  expect(number).toBeGreaterThan(6);
});

test("what returns after a transaction that has ended meanwhile waits for its nonce", async () => {
  const pool = await testPool();
  const { maker, mempool } = pool;
  const transactions = [await maker.transfer({ validUntil: 1 }), await maker.transfer({ nonce: 1 })];
  await pool.addAll(await maker.block(maker.start(), { transactions }));
  await pool.addAll(await maker.extend(maker.start(), 2, { laterMs: 1 }));
  expect(mempool.nonceGap).toMatchObject({ count: 1, nonce: 1, missing: 0 });
});

test("what is to return is put into the pool in slices before the change is written, and leaves it if that fails", async () => {
  const { mempool, maker } = await testPool();
  const { message, signature } = await maker.transfer({});
  const transfers = Array.from({ length: 3_000 }, (_, nonce) => ({
    message: { ...message, nonce },
    signature,
  }));
  const records = mempool.records(transfers);
  const counts: number[] = [];
  const nobody = { get: () => undefined };
  const change = { applied: [], retracted: [block(1, records)] };
  await mempool.prepare(change, nobody, async () => void counts.push(mempool.count));
  expect(counts).toEqual([0, 1_024, 2_048]);
  expect(mempool.count).toBe(3_000);
  await mempool.prepare({ applied: [], retracted: [] }, nobody, pause);
  expect(mempool.count).toBe(0);
});

test("follows a change of the head in one turn, so that a sender's next transaction is never refused", async () => {
  const { mempool, maker, database } = await testPool({
    limits: { sliceTransactions: 1 },
    pause: async () => expect.unreachable("the pool would differ from the head meanwhile"),
  });
  const ofUser = async (from: number) =>
    mempool.records(await Promise.all([0, 1].map((nonce) => maker.transfer({ from, nonce }))));
  const [first, second, third] = await Promise.all([ofUser(0), ofUser(1), ofUser(2)]);
  await mempool.add([...first, ...second], "gossip");
  const prepare = await mempool.prepare(
    { applied: [block(1, first), block(2, second)], retracted: [block(1, third)] },
    { get: () => undefined },
    async () => undefined,
  );
  const { writes, applied: follow } = prepare();
  expect(mempool.count).toBe(6);
  await database.commit(writes);
  follow();
  expect(mempool.count).toBe(2);
  expect(third.every(({ idHex }) => mempool.get(idHex))).toBe(true);
});

test("decodes no transaction of a new block while nothing waits", async () => {
  const { mempool, maker } = await testPool();
  const [{ idHex, shortKey }] = mempool.records([await maker.transfer({})]) as [TransactionRecord];
  const record = {
    ...{ idHex, shortKey },
    get transaction(): never {
      throw new Error("it is decoded");
    },
  } as unknown as TransactionRecord;
  const change = { applied: [{ height: 1, records: [record] }], retracted: [] };
  const prepare = await mempool.prepare(change, { get: () => undefined }, async () => undefined);
  expect(() => prepare().applied()).not.toThrow();
});

test("what is retracted returns unless it is in a block again, its nonce is used, it waits here, or it has ended", async () => {
  const logged: unknown[] = [];
  let encoded = 0;
  const log = {
    encode: (records: readonly TransactionRecord[]) => {
      encoded += records.length;
      return records.map(({ id }) => id);
    },
    prepare: (rows: readonly Uint8Array[]) => {
      const ids = rows.map(toHex);
      const writes = rows.map((row) => ({ key: row, value: row }));
      return { writes, applied: () => void logged.push(...ids) };
    },
    append: () => undefined,
  };
  const pool = await testPool({ log });
  const { mempool, database } = pool;
  const transfers = [
    {},
    { fee: 2n },
    { from: 1 },
    { from: 2, nonce: 1, validUntil: 2 },
    { from: 2, validUntil: 3 },
  ];
  const [again, used, waits, ended, returns] = (await recordsOf(pool, transfers)) as [
    TransactionRecord,
    TransactionRecord,
    TransactionRecord,
    TransactionRecord,
    TransactionRecord,
  ];
  await mempool.add([waits], "gossip");
  logged.length = 0;
  const change = {
    applied: [block(1, [again]), block(1, []), block(2, [])],
    retracted: [block(2, [returns, waits]), block(1, [again, used, ended])],
  };
  encoded = 0;
  const prepare = await mempool.prepare(change, after, pause);
  expect(encoded).toBe(1);
  const { writes, applied } = prepare();
  await database.commit(writes);
  expect(await pool.batches()).toEqual([[returns.idHex]]);
  expect(await database.get(returns.id)).toEqual(returns.id);
  applied();
  expect([...mempool.entries()].map(({ idHex }) => idHex)).toEqual([waits.idHex, returns.idHex]);
  expect(logged).toEqual([returns.idHex]);
  expect(encoded).toBe(1);
});

test("after a recovery without new blocks, the lowest abandoned one is the next", async () => {
  const pool = await testPool();
  const [ended, returns] = (await recordsOf(pool, [{ validUntil: 3 }, { from: 1, validUntil: 4 }])) as [
    TransactionRecord,
    TransactionRecord,
  ];
  const change = { applied: [], retracted: [block(5, [ended]), block(4, [returns])] };
  (await pool.mempool.prepare(change, { get: () => undefined }, pause))().applied();
  expect([...pool.mempool.entries()].map(({ idHex }) => idHex)).toEqual([returns.idHex]);
});

test("a batch is deleted, once and with the blocks, when they hold all of it that waits", async () => {
  const pool = await testPool();
  const { mempool, database } = pool;
  const [first, second, third] = await recordsOf(pool, [{}, { nonce: 1 }, { from: 1 }]);
  await mempool.add([first!, second!], "local");
  await mempool.add([third!], "gossip");
  const [batch] = await pool.batches();
  expect(batch).toHaveLength(2);
  const follow = async (height: number, records: TransactionRecord[]) => {
    const { writes, applied } = (
      await mempool.prepare({ applied: [block(height, records)], retracted: [] }, after, pause)
    )();
    const before = database.commits;
    applied();
    await setImmediate();
    return [writes.length, database.commits - before];
  };
  expect(await follow(1, [first!, third!])).toEqual([0, 0]);
  expect(await follow(2, [second!])).toEqual([1, 0]);
  expect(mempool.count).toBe(0);
});

test("what was sent while its nonce returned takes the place of what returns, and its promise", async () => {
  const pool = await testPool();
  const { mempool, database } = pool;
  const [returns, rival, other] = await recordsOf(pool, [{}, { fee: 2n }, { from: 1 }]);
  const follow = async (retracted: TransactionRecord[]) => {
    const change = { applied: [], retracted: [block(1, retracted)] };
    const { writes, applied } = (await mempool.prepare(change, { get: () => undefined }, pause))();
    await database.commit(writes);
    if (retracted[0] === returns) await mempool.add([rival!], "gossip");
    applied();
    await setImmediate();
  };
  await follow([returns!]);
  expect(await pool.batches()).toEqual([[rival!.idHex]]);
  await follow([other!]);
  expect(await pool.batches()).toEqual([[rival!.idHex], [other!.idHex]]);
  await agree(pool);
});

test("what returned for a change that failed returns again for the next one", async () => {
  const pool = await testPool();
  const { mempool } = pool;
  const records = await recordsOf(pool, [{}, { from: 1 }, { from: 2 }]);
  const blocks = records.map((record, index) => block(index + 1, [record]));
  const prepare = (retracted: typeof blocks) =>
    mempool.prepare({ applied: [], retracted }, { get: () => undefined }, setImmediate);
  await prepare(blocks.toReversed());
  expect(mempool.count).toBe(3);
  await prepare(blocks.slice(2));
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  expect([...mempool.entries()].map(({ idHex }) => idHex)).toEqual([records[2]!.idHex]);
});

test("nothing of a change that failed is written with a later one", async () => {
  const pool = await testPool();
  const { mempool, maker } = pool;
  const [first, second, rival] = await recordsOf(pool, [{}, { from: 1 }, { fee: 9n, validUntil: 1 }]);
  const change = { applied: [], retracted: [block(1, [first!, second!])] };
  await mempool.prepare(change, { get: () => undefined }, pause);
  await mempool.add([rival!], "gossip");
  await pool.addAll(await maker.block(maker.start()));
  expect(mempool.count).toBe(0);
  await setImmediate();
  expect(await pool.batches()).toEqual([]);
});

test("looks up only the senders of what has ended once the head has moved", async () => {
  const pool = await testPool();
  const records = await recordsOf(pool, [{ validUntil: 1 }, { nonce: 1 }, { from: 1 }, { from: 2 }]);
  const change = { applied: [block(1, []), block(2, [])], retracted: [block(1, records)] };
  const prepare = await pool.mempool.prepare(change, { get: () => undefined }, pause);
  const account = vi.spyOn(pool.chain.state, "get");
  prepare().applied();
  expect(account.mock.calls.map(([address]) => address)).toEqual([users[0]!.publicKey]);
});

test("a batch that is written between the decision about a block and the block leaves the disk with it", async () => {
  const pool = await testPool();
  const { mempool, database } = pool;
  const [stays, leaves] = await recordsOf(pool, [{ from: 1 }, {}]);
  const written = Promise.withResolvers<void>();
  database.beforeCommit = () => written.promise;
  const added = [mempool.add([stays!], "local")];
  await expect.poll(() => mempool.count).toBe(1);
  added.push(mempool.add([leaves!], "local"));
  await expect.poll(() => mempool.count).toBe(2);
  const change = { applied: [block(1, [leaves!])], retracted: [] };
  const { writes, applied } = (await mempool.prepare(change, after, pause))();
  expect(writes).toEqual([]);
  written.resolve();
  await Promise.all(added);
  applied();
  await setImmediate();
  expect(await pool.batches()).toEqual([[stays!.idHex]]);
});
