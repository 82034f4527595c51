import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultMempoolLimits } from "../../../src/mempool/limits.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import { encodeRecords, type Transaction, type TransactionRecord } from "../../../src/types/index.ts";
import { codeOf, signer, startBalance, type Transfer, testGenesis, users } from "../support/chain.ts";
import { agree, type TestPool, testPool } from "../support/mempool.ts";

async function add(
  pool: TestPool,
  transfer: Transfer,
  source: "local" | "gossip" = "local",
): Promise<string> {
  const [outcome] = await pool.mempool.add(
    pool.mempool.records([await pool.maker.transfer(transfer)]),
    source,
  );
  return outcome!.accepted ? "accepted" : outcome!.code;
}

describe("admission", () => {
  const cases: [string, string, Transfer][] = [
    ["the next nonce", "accepted", { nonce: 0 }],
    ["all of the balance", "accepted", { amount: startBalance - 1n }],
    ["a gap as long as allowed", "accepted", { nonce: 64 }],
    ["a gap that is longer", "NONCE_GAP_TOO_LARGE", { nonce: 65 }],
    ["one more than the balance", "INSUFFICIENT_BALANCE", { amount: startBalance }],
    ["an account that does not exist", "INSUFFICIENT_BALANCE", { from: 3 }],
    ["less than the least fee", "FEE_TOO_LOW", { fee: 0n }],
    ["a nonce that leaves no next one", "MALFORMED", { nonce: Number.MAX_SAFE_INTEGER }],
    ["more than an amount can be", "OVERFLOW", { amount: 2n ** 64n - 1n }],
  ];
  test.each(cases)("%s: %s", async (_, code, transfer) => {
    const pool = await testPool();
    expect(await add(pool, transfer)).toBe(code);
    expect(pool.mempool.count).toBe(code === "accepted" ? 1 : 0);
    await agree(pool);
  });

  test("adds transactions only after what is to be added before them", async () => {
    const pool = await testPool();
    const before = Promise.withResolvers<void>();
    const later = pool.mempool.records([await pool.maker.transfer({ nonce: 65 })]);
    const outcomes = pool.mempool.add(later, "local", before.promise);
    expect(await add(pool, { nonce: 0 })).toBe("accepted");
    before.resolve();
    expect(await outcomes).toMatchObject([{ accepted: true }]);
  });

  test("refuses a transfer of an account that does not exist, even if it costs nothing", async () => {
    const genesis = await testGenesis(3, { minFee: 0n });
    const free = { from: 3, amount: 0n, fee: 0n };
    const pool = await testPool({ genesis });
    expect(await add(pool, free)).toBe("INSUFFICIENT_BALANCE");
    expect(await add(pool, { ...free, from: 0 })).toBe("accepted");
    // A stored one from before is removed when it has waited long enough.
    const { database, clock } = pool;
    const store = new MempoolStore(database);
    const [record] = pool.mempool.records([await pool.maker.transfer(free)]);
    await database.commit([
      store.put({ sequence: 9, receivedAtMs: clock.now(), list: encodeRecords([record!]) }),
    ]);
    expect((await pool.restart()).mempool.count).toBe(2);
    await clock.advance(defaultMempoolLimits.lifetimeMs);
    expect((await pool.restart()).mempool.count).toBe(1);
  });

  test("refuses a used nonce, another's signature, an invalid address, and a repetition", async () => {
    const pool = await testPool();
    const used = await pool.maker.transfer({});
    await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions: [used] }));
    const next = await pool.maker.transfer({ nonce: 1 });
    const forged = { ...next, signature: (await pool.maker.transfer({ nonce: 2 })).signature };
    const nobody = await pool.maker.transfer({ nonce: 2, to: new Uint8Array(32) });
    const outcomes = await pool.mempool.add(
      pool.mempool.records([used, forged, nobody, next, next]),
      "local",
    );
    expect(outcomes.map((outcome) => (outcome.accepted ? "accepted" : outcome.code))).toEqual([
      "NONCE_TOO_LOW",
      "INVALID_SIGNATURE",
      "INVALID_ADDRESS",
      "accepted",
      "ALREADY_KNOWN",
    ]);
    await agree(pool);
  });

  test("spends a balance once: waiting transactions count", async () => {
    const pool = await testPool();
    expect(await add(pool, { amount: startBalance / 2n })).toBe("accepted");
    expect(await add(pool, { nonce: 1, amount: startBalance / 2n })).toBe("INSUFFICIENT_BALANCE");
    expect(await add(pool, { nonce: 1, amount: startBalance / 2n - 2n })).toBe("accepted");
  });

  test("accepts a hundred in one batch, and a gap that is filled later", async () => {
    const pool = await testPool();
    const batch = await Promise.all(
      Array.from({ length: 100 }, (_, nonce) => pool.maker.transfer({ nonce })),
    );
    const late = batch.splice(40, 1);
    const codes = async (part: Transaction[]) =>
      (await pool.mempool.add(pool.mempool.records(part), "local")).map((outcome) =>
        outcome.accepted ? "accepted" : outcome.code,
      );
    expect(await codes(batch)).toEqual(Array(99).fill("accepted"));
    expect([...(await pool.mempool.executable())]).toHaveLength(40);
    expect(pool.mempool.pendingNonce(users[0]!.publicKey)).toBe(40);
    expect(await codes(late)).toEqual(["accepted"]);
    expect(
      [...(await pool.mempool.executable())].map(({ transaction }) => transaction.message.nonce),
    ).toEqual(Array.from({ length: 100 }, (_, nonce) => nonce));
    expect(pool.mempool.pendingNonce(users[0]!.publicKey)).toBe(100);
    await agree(pool);
  });

  test.each([
    [100n, 109n, 110n],
    [1n, 1n, 2n],
    [15n, 16n, 17n],
    [10n ** 18n, 11n * 10n ** 17n - 1n, 11n * 10n ** 17n],
  ])("replaces a fee of %d not by %d, but by %d", async (old, less, enough) => {
    const pool = await testPool();
    const rich = { balance: 2n ** 64n - 1n, nonce: 0 };
    pool.chain.state.get = () => rich;
    expect(await add(pool, { fee: old, amount: 1n })).toBe("accepted");
    expect(await add(pool, { fee: less, amount: 2n })).toBe("FEE_TOO_LOW");
    expect(await add(pool, { fee: enough, amount: 2n }, "gossip")).toBe("accepted");
    expect(pool.mempool.count).toBe(1);
    // A replacement of an acknowledged transaction inherits the promise.
    await agree(pool);
    expect(pool.durable()).toHaveLength(1);
  });

  test("a balance that a block being written has spent is not counted twice", async () => {
    const pool = await testPool();
    const big = await pool.maker.transfer({ amount: startBalance - 100n, fee: 10n });
    await pool.mempool.add(pool.mempool.records([big]), "local");
    const tip = await pool.maker.block(pool.maker.start(), { transactions: [big] });
    let during: Promise<string> | undefined;
    pool.database.beforeCommit = async () => {
      pool.database.beforeCommit = async () => undefined;
      during = add(pool, { nonce: 1, amount: 80n, fee: 10n });
      await during;
      expect(pool.mempool.pendingNonce(users[0]!.publicKey)).toBe(2);
    };
    await pool.addAll(tip);
    expect(await during).toBe("accepted");
    await agree(pool);
  });
});

test("an accepted transaction of a list does not retain the memory of the others", async () => {
  const pool = await testPool();
  const list = encodeRecords(
    pool.mempool.records(
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => pool.maker.transfer({ nonce: index * 100 })),
      ),
    ),
  );
  const outcomes = await pool.mempool.add(pool.mempool.decode(list), "local");
  expect(outcomes.filter(({ accepted }) => accepted)).toHaveLength(1);
  const [entry] = pool.mempool.entries();
  const { encoded, id, signingRoot, transaction } = entry!.record;
  for (const bytes of [encoded, id, signingRoot, transaction.message.from])
    expect(bytes.buffer).not.toBe(list.buffer);
  expect(encoded).toEqual(outcomes[0]!.record.encoded);
  await agree(pool);
});

describe("limits", () => {
  test("limits the transactions of an account", async () => {
    const pool = await testPool({ limits: { maxPerAccount: 2 } });
    expect(await add(pool, { nonce: 0 })).toBe("accepted");
    expect(await add(pool, { nonce: 1 })).toBe("accepted");
    expect(await add(pool, { nonce: 2 })).toBe("ACCOUNT_LIMIT");
    expect(await add(pool, { nonce: 1, fee: 2n })).toBe("accepted");
    expect(await add(pool, { from: 1 })).toBe("accepted");
  });

  test("limits the pool in bytes, also for a replacement that is longer", async () => {
    const small = 184;
    const pool = await testPool({ limits: { maxBytes: 4 * small } });
    expect(await add(pool, { from: 0, fee: 1n })).toBe("accepted");
    expect(await add(pool, { from: 1, fee: 1n })).toBe("accepted");
    const memo = new Uint8Array(256);
    expect(await add(pool, { from: 1, fee: 2n, memo })).toBe("MEMPOOL_FULL");
    expect(await add(pool, { from: 1, fee: 2n })).toBe("accepted");
    expect(await add(pool, { from: 2, fee: startBalance - 1n, memo })).toBe("MEMPOOL_FULL");
    expect(pool.mempool.bytes).toBeLessThanOrEqual(4 * small);
    await agree(pool);
  });

  test("limits transactions that wait for a missing nonce; the missing one is still accepted", async () => {
    const pool = await testPool({ limits: { maxAhead: 8 } });
    const ahead = (from: number, nonce: number, fee = 1n) => add(pool, { from, nonce, fee });
    expect(pool.mempool.nonceGap).toBeUndefined();
    for (const nonce of [1, 2, 3, 4]) expect(await ahead(0, nonce)).toBe("accepted");
    expect(pool.mempool.nonceGap).toMatchObject({ count: 4, nonce: 1, missing: 0 });
    expect(await ahead(1, 1)).toBe("MEMPOOL_FULL");
    expect(await ahead(1, 1, 100_000n)).toBe("accepted");
    expect(await ahead(0, 0)).toBe("accepted");
    expect([...(await pool.mempool.executable())]).toHaveLength(5);
    for (const nonce of [2, 3, 4]) expect(await ahead(1, nonce)).toBe("accepted");
    expect(await ahead(1, 5)).toBe("MEMPOOL_FULL");
    // A block includes the missing nonce, so the transactions that waited for it no longer count.
    const missing = [await pool.maker.transfer({ from: 1, nonce: 0, fee: 3n })];
    await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions: missing }));
    for (const nonce of [1, 2, 3, 4]) expect(await ahead(2, nonce)).toBe("accepted");
    expect(await ahead(2, 5)).toBe("MEMPOOL_FULL");
    await agree(pool);
  });
});

test("orders a block by fee and by nonce like a simple model", async () => {
  const pool = await testPool();
  const fees = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fees, fees, fees, async (...queues) => {
      const fresh = await testPool({ genesis: pool.genesis });
      const waiting = queues.map((list, from) =>
        list.map((fee, nonce) => ({ from, fee: BigInt(fee), nonce, at: 0 })),
      );
      let at = 0;
      for (const one of waiting.flat()) {
        one.at = at++;
        expect(await add(fresh, { from: one.from, fee: one.fee, nonce: one.nonce })).toBe("accepted");
      }
      const expected: string[] = [];
      for (;;) {
        const heads = waiting.flatMap(([head]) => head ?? []);
        if (heads.length === 0) break;
        heads.sort((a, b) => Number(b.fee - a.fee) || a.at - b.at);
        expected.push(`${heads[0]!.from}:${heads[0]!.nonce}`);
        waiting[heads[0]!.from]!.shift();
      }
      const order = [...(await fresh.mempool.executable())].map(({ transaction: { message } }) => {
        return `${users.findIndex(({ publicKey }) => Buffer.from(publicKey).equals(message.from))}:${message.nonce}`;
      });
      expect(order).toEqual(expected);
    }),
    { numRuns: 30, seed: 1 },
  );
});

describe("expiry", () => {
  const hours = 3_600_000;

  test("removes transactions that this node has not acknowledged, and those that cannot be executed", async () => {
    const pool = await testPool();
    await add(pool, { from: 0, nonce: 0 }, "local");
    await add(pool, { from: 0, nonce: 2 }, "local");
    await add(pool, { from: 1, nonce: 0 }, "gossip");
    await pool.clock.advance(2 * hours);
    await add(pool, { from: 2, nonce: 1 }, "local");
    await pool.clock.advance(1 * hours + 60_000);
    expect([...pool.mempool.entries()].map(({ record }) => record.transaction.message.nonce)).toEqual([0, 1]);
    await agree(pool);
  });

  test("removes transactions that the account can no longer pay", async () => {
    const pool = await testPool();
    await add(pool, { nonce: 0, amount: 10n }, "local");
    await add(pool, { nonce: 1, amount: 500n }, "local");
    const drain = await pool.maker.transfer({ nonce: 0, amount: startBalance - 100n });
    await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions: [drain] }));
    expect(pool.mempool.count).toBe(1);
    await pool.clock.advance(3 * hours + 60_000);
    expect(pool.mempool.count).toBe(0);
    await agree(pool);
  });

  test("ends with stop, also while it writes", async () => {
    const pool = await testPool();
    await add(pool, { nonce: 5 }, "local");
    let release: () => void = () => undefined;
    pool.database.beforeCommit = () => new Promise((resolve) => (release = resolve));
    await pool.clock.advance(4 * hours);
    pool.mempool.stop();
    release();
    await pool.clock.advance(1);
    expect(pool.clock.pending).toBe(0);
  });

  test("pauses between senders", async () => {
    const counts: number[] = [];
    const pool = await testPool({
      limits: { sliceTransactions: 2 },
      pause: async () => void counts.push(pool.mempool.count),
    });
    await add(pool, { from: 0, nonce: 1 }, "gossip");
    await add(pool, { from: 0, nonce: 2 }, "gossip");
    await add(pool, { from: 1 }, "gossip");
    await add(pool, { from: 2 }, "gossip");
    await pool.clock.advance(3 * hours + 60_000);
    expect([counts.at(-1), pool.mempool.count]).toEqual([2, 0]);
  });
});

describe("the disk", () => {
  test("restores the acknowledged transactions in their order after a restart, and nothing else", async () => {
    const pool = await testPool();
    for (const nonce of [0, 1, 2]) {
      await add(pool, { nonce }, "local");
      await pool.clock.advance(10);
    }
    await add(pool, { from: 1 }, "local");
    await add(pool, { from: 2 }, "gossip");
    const again = await pool.restart();
    expect(again.durable()).toEqual(pool.durable());
    const order = async (of: TestPool) =>
      [...(await of.mempool.executable())].map(({ idHex }) => idHex).slice(0, 4);
    expect(await order(again)).toEqual(await order(pool));
  });

  test("a restart forgets transactions whose nonce is used", async () => {
    const pool = await testPool();
    const old = await pool.maker.transfer({});
    await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions: [old] }));
    const [used, waiting] = pool.mempool.records([old, await pool.maker.transfer({ nonce: 1 })]);
    const store = new MempoolStore(pool.database);
    const batch = (sequence: number, records: TransactionRecord[]) =>
      store.put({ sequence, receivedAtMs: pool.clock.now(), list: encodeRecords(records) });
    await pool.database.commit([batch(7, [used!]), batch(8, [used!, waiting!])]);
    const again = await pool.restart();
    expect(again.durable()).toEqual([waiting!.idHex]);
    expect(await again.batches()).toEqual([[waiting!.idHex]]);
    // The numbers of batches continue.
    expect(await add(again, { nonce: 1, fee: 9n })).toBe("accepted");
    expect((await again.restart()).durable()).toEqual(again.durable());
  });

  test("writes no batch over another one from before a restart", async () => {
    const pool = await testPool();
    for (const nonce of [0, 1]) await add(pool, { nonce });
    const again = await pool.restart();
    await add(again, { nonce: 2 });
    expect(await again.batches()).toHaveLength(3);
    await agree(again);
  });

  test("a failing disk accepts nothing and loses nothing", async () => {
    const pool = await testPool();
    await add(pool, { nonce: 0, fee: 10n }, "local");
    await add(pool, { nonce: 1, fee: 10n }, "gossip");
    const before = [...pool.mempool.entries()].map(({ record, batch }) => [
      record.idHex,
      batch !== undefined,
    ]);
    const batch = await Promise.all([
      pool.maker.transfer({ nonce: 0, fee: 20n }),
      pool.maker.transfer({ nonce: 1, fee: 10n }),
      pool.maker.transfer({ nonce: 2 }),
    ]);
    pool.database.failing = 1;
    expect(await codeOf(pool.mempool.add(pool.mempool.records(batch), "local"))).toBe("WRITE_FAILED");
    expect(
      new Map([...pool.mempool.entries()].map(({ record, batch }) => [record.idHex, batch !== undefined])),
    ).toEqual(new Map(before as [string, boolean][]));
    await agree(pool);
    expect(
      (await pool.mempool.add(pool.mempool.records(batch), "local")).filter(({ accepted }) => accepted),
    ).toHaveLength(2);
    await agree(pool);
  });

  test("answers only when the transaction is on disk, whoever asks first", async () => {
    const pool = await testPool();
    const transaction = await pool.maker.transfer({});
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    pool.database.beforeCommit = () => gate;
    const answered: number[] = [];
    const answers = [0, 1, 2].map(async (number) => {
      const [outcome] = await pool.mempool.add(pool.mempool.records([transaction]), "local");
      answered.push(number);
      return outcome!.accepted ? "accepted" : outcome!.code;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toEqual([]);
    release();
    expect((await Promise.all(answers)).sort()).toEqual(["ALREADY_KNOWN", "ALREADY_KNOWN", "accepted"]);
    await agree(pool);
  });

  test("a transaction whose write fails is not known to those who have submitted it meanwhile", async () => {
    const pool = await testPool();
    const [transaction, other] = await Promise.all([0, 1].map((nonce) => pool.maker.transfer({ nonce })));
    const gate = Promise.withResolvers<void>();
    pool.database.beforeCommit = () => gate.promise;
    pool.database.failing = 1;
    const submit = (transactions: Transaction[], after?: Promise<unknown>) =>
      pool.mempool.add(pool.mempool.records(transactions), "local", after);
    const first = codeOf(submit([transaction!]));
    await expect.poll(() => pool.mempool.count).toBe(1);
    const second = submit([transaction!, other!], first);
    gate.resolve();
    expect(await first).toBe("WRITE_FAILED");
    expect((await second).map(({ accepted }) => accepted)).toEqual([true, true]);
    expect(await pool.stored()).toHaveLength(2);
    await agree(pool);
  });

  test("stores a gossiped transaction when it is submitted here too", async () => {
    const pool = await testPool();
    await add(pool, {}, "gossip");
    expect(await pool.stored()).toEqual([]);
    expect(await add(pool, {}, "local")).toBe("ALREADY_KNOWN");
    expect(await pool.stored()).toHaveLength(1);
    await agree(pool);
  });
});

test("what waits behind a retracted transfer that has ended is counted among those that wait for a missing nonce", async () => {
  const pool = await testPool();
  const { maker, mempool } = pool;
  const transfers = await Promise.all(
    [{ validUntil: 2 }, { nonce: 1 }, { nonce: 2 }, { nonce: 3 }].map((transfer) => maker.transfer(transfer)),
  );
  await mempool.add(mempool.records(transfers), "local");
  const first = await maker.block(maker.start(), { transactions: transfers.slice(0, 1) });
  await pool.addAll(await maker.block(first, { transactions: transfers.slice(1, 2) }));
  expect(mempool.nonceGap).toBeUndefined();
  await pool.addAll(await maker.extend(maker.start(), 3, { laterMs: 1 }));
  expect(mempool.nonceGap).toMatchObject({ count: 3, missing: 0 });
  expect((await pool.restart()).mempool.nonceGap).toMatchObject({ count: 3, missing: 0 });
  await agree(pool);
});

test("what returns behind a transfer that has ended pays, too, for waiting for a missing nonce", async () => {
  const pool = await testPool({ limits: { maxAhead: 8 } });
  const { maker, mempool } = pool;
  const transactions = await Promise.all(
    Array.from({ length: 21 }, (_, nonce) => maker.transfer({ nonce, validUntil: nonce === 0 ? 1 : 0 })),
  );
  await pool.addAll(await maker.block(maker.start(), { transactions }));
  const announced: number[] = [];
  mempool.events.on("added", ({ records }) => announced.push(records.length));
  await pool.addAll(await maker.extend(maker.start(), 2, { laterMs: 1 }));
  expect([...mempool.entries()].map(({ nonce }) => nonce)).toEqual([1, 2, 3, 4]);
  expect(announced).toEqual([4]);
  await agree(pool);
});

test("a retracted transfer comes back, is announced, and is mined again", async () => {
  const pool = await testPool();
  const { maker } = pool;
  const transfer = await maker.transfer({ to: signer(9).publicKey });
  await pool.addAll(await maker.block(maker.start(), { transactions: [transfer] }));
  expect(pool.mempool.count).toBe(0);
  await add(pool, { from: 1 });
  const announced: string[] = [];
  pool.mempool.events.on("added", ({ source, records }) => announced.push(`${source} ${records.length}`));
  await pool.addAll(await maker.extend(maker.start(), 2, { laterMs: 1 }));
  expect(announced).toEqual(["retracted 1"]);
  expect([...(await pool.mempool.executable())]).toHaveLength(2);
  expect(await add(pool, { nonce: 1 })).toBe("accepted");
  expect(await pool.batches()).toHaveLength(3);
  await agree(pool);
});
