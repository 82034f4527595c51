import { describe, expect, test } from "vitest";
import { FeeFloor, feeAt } from "../../../src/mempool/fee-floor.ts";
import type { Refusal } from "../../../src/mempool/types.ts";
import { startBalance, type Transfer, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { type TestPool, testPool } from "../support/mempool.ts";

async function add(pool: TestPool, transfer: Transfer, source: "local" | "gossip" = "local") {
  const records = pool.mempool.records([await pool.maker.transfer(transfer)]);
  return (await pool.mempool.add(records, source))[0]!;
}

const refusal = async (...args: Parameters<typeof add>) => (await add(...args)) as Refusal;

/** Adds cheap transfers of three accounts until one is refused; resolves to that one. */
async function fill(pool: TestPool, fee: bigint, source: "local" | "gossip" = "local"): Promise<Refusal> {
  for (let nonce = 0; ; nonce++) {
    for (const from of [0, 1, 2]) {
      const outcome = await add(pool, { from, nonce, fee }, source);
      if (!outcome.accepted) return outcome;
    }
  }
}

const limits = { maxCount: 120, maxPerAccount: 100 };

describe("the least fee", () => {
  test("asks the chain's least fee up to half of the pool, then doubles it until no account can pay it", () => {
    expect(feeAt(0, 7n)).toBe(7n);
    expect(feeAt(0.5, 7n)).toBe(7n);
    expect(feeAt(0.5 + 1 / 128, 7n)).toBe(14n);
    expect(feeAt(0.75, 1n)).toBe(2n ** 32n);
    expect(feeAt(1, 1n)).toBe(2n ** 64n - 1n);
    expect(feeAt(2, 1n)).toBe(2n ** 64n - 1n);
  });

  test("asks a fee above 0 beyond half of the pool, even if the chain's is 0", () => {
    expect(feeAt(0.5, 0n)).toBe(0n);
    expect(feeAt(0.501, 0n)).toBeGreaterThan(0n);
  });

  test("rises at once and decays: by half in a minute while the pool is pressed, faster when it is not", async () => {
    const clock = new ManualClock();
    const floor = new FeeFloor(clock);
    floor.rise(0.75, 1n);
    expect(floor.least(0.51, 1n)).toBe(2n ** 32n);
    await clock.advance(60_000);
    expect(floor.least(0.51, 1n)).toBe(2n ** 31n);
    await clock.advance(15_000);
    expect(floor.least(0.5, 1n)).toBe(2n ** 30n);
    await clock.advance(31 * 15_000);
    expect(floor.least(0.2, 1n)).toBe(1n);
  });

  test("asks the chain's least fee again after the rise has decayed", async () => {
    const clock = new ManualClock();
    const floor = new FeeFloor(clock);
    floor.rise(0.52, 1n);
    await clock.advance(10 * 60_000);
    expect(floor.least(0.1, 1n)).toBe(1n);
  });

  test("asks nothing at half of the pool, nor once less than 1 is left of the rise, if the chain's fee is 0", async () => {
    const clock = new ManualClock();
    const floor = new FeeFloor(clock);
    floor.rise(0.5, 0n);
    expect(floor.least(0.5, 0n)).toBe(0n);
    floor.rise(0.5 + 1 / 128, 0n);
    expect(floor.least(0.5, 0n)).toBe(2n);
    await clock.advance(15_000);
    expect(floor.least(0.5, 0n)).toBe(1n);
    await clock.advance(1);
    expect(floor.least(0.5, 0n)).toBe(0n);
  });

  test("does not fall when another place is taken after others were given up", () => {
    const floor = new FeeFloor(new ManualClock());
    floor.rise(0.75, 1n);
    floor.rise(0.6, 1n);
    expect(floor.least(0.51, 1n)).toBe(2n ** 32n);
  });
});

describe("a pool that is filled for little", () => {
  test.each(["local", "gossip"] as const)(
    "keeps room for transactions that pay more, also by %s",
    async (source) => {
      const pool = await testPool({ limits });
      const refused = await fill(pool, 1n, source);
      expect(refused.code).toBe("MEMPOOL_FULL");
      expect(pool.mempool.count).toBe(60);
      expect(refused.detail).toContain(`pay at least ${refused.minFee}`);
      expect((await add(pool, { from: 2, nonce: 20, fee: refused.minFee! }, source)).accepted).toBe(true);
      expect((await add(pool, { from: 2, nonce: 21, fee: startBalance / 2n }, source)).accepted).toBe(true);
    },
  );

  test("names the fee that is accepted, and refuses a fee one unit below it", async () => {
    const pool = await testPool({ limits });
    const { minFee } = await fill(pool, 1n);
    for (const [fee, accepted] of [
      [minFee! - 1n, false],
      [minFee!, true],
    ] as const)
      expect((await add(pool, { from: 0, nonce: 20, fee })).accepted).toBe(accepted);
  });

  test("drops no acknowledged transaction, whatever arrives later", async () => {
    const pool = await testPool({ limits });
    await fill(pool, 1n);
    const acknowledged = pool.durable();
    await fill(pool, 1n, "gossip");
    for (let nonce = 20; nonce < 30; nonce++)
      await add(pool, { from: nonce % 3, nonce: 20 + Math.floor((nonce - 20) / 3), fee: 50_000n });
    for (const id of acknowledged) expect(pool.mempool.get(id as `0x${string}`)).toBeDefined();
  });

  test("reports the least fee with which any transfer is accepted", async () => {
    const pool = await testPool({ limits });
    expect(pool.mempool.leastFee).toBe(1n);
    await fill(pool, 1n);
    expect(pool.mempool.leastFee).toBeGreaterThan(1n);
    const memo = new Uint8Array(256);
    expect((await add(pool, { from: 0, nonce: 20, fee: pool.mempool.leastFee, memo })).accepted).toBe(true);
  });

  test("keeps the raised fee for a while after a block has emptied the pool", async () => {
    const pool = await testPool({ limits });
    await fill(pool, 1n);
    for (let more = 0; more < 4; more++) await add(pool, { from: 0, nonce: 20 + more, fee: 50_000n });
    const least = pool.mempool.leastFee;
    const transactions = [...(await pool.mempool.executable())]
      .slice(0, 50)
      .map(({ transaction }) => transaction);
    await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions }));
    expect(pool.mempool.count).toBeLessThan(20);
    expect(pool.mempool.leastFee).toBeGreaterThan(1n);
    expect(pool.mempool.leastFee).toBeLessThanOrEqual(least);
    await pool.clock.advance(10 * 60_000);
    expect(pool.mempool.leastFee).toBe(1n);
  });

  test("keeps it also if the node was restarted before that block", async () => {
    const pool = await testPool({ limits });
    await fill(pool, 1n);
    const again = await pool.restart();
    const transactions = [...(await again.mempool.executable())].map(({ transaction }) => transaction);
    await add(again, { from: 0, nonce: 20, fee: 50_000n });
    const afterwards = await again.restart();
    await afterwards.addAll(await pool.maker.block(pool.maker.start(), { transactions }));
    expect(afterwards.mempool.count).toBe(1);
    expect(afterwards.mempool.leastFee).toBeGreaterThan(1n);
  });

  test("restores a pool that is filled for little after a restart, with the same least fee", async () => {
    const pool = await testPool({ limits });
    const { minFee } = await fill(pool, 1n);
    const again = await pool.restart();
    expect(again.durable()).toEqual(pool.durable());
    expect((await refusal(again, { from: 0, nonce: 20, fee: 1n })).minFee).toBe(minFee);
  });

  test("costs something even if the chain's least fee is 0", async () => {
    const pool = await testPool({ limits, genesis: await testGenesis(3, { minFee: 0n }) });
    const { minFee } = await fill(pool, 0n);
    expect(minFee).toBeGreaterThan(0n);
  });
});

test("a refusal of a fee below the chain's names the fee that is accepted now", async () => {
  const pool = await testPool({ limits });
  expect(await refusal(pool, { fee: 0n })).toMatchObject({ code: "FEE_TOO_LOW", minFee: 1n });
  await add(pool, { fee: 10n });
  expect(await refusal(pool, { fee: 10n, amount: 5n })).toMatchObject({ code: "FEE_TOO_LOW", minFee: 11n });
});

test("a replacement of the same size needs no place", async () => {
  const pool = await testPool({ limits });
  await fill(pool, 1n);
  for (let more = 0; more < 4; more++) await add(pool, { from: 1, nonce: 20 + more, fee: 50_000n });
  expect((await add(pool, { from: 0, nonce: 3, fee: 2n })).accepted).toBe(true);
});

test("stores an acknowledged transaction with the lower nonces that it needs", async () => {
  const pool = await testPool();
  for (const nonce of [0, 1]) await add(pool, { nonce }, "gossip");
  await add(pool, { nonce: 2 });
  await add(pool, { nonce: 4 }, "gossip");
  expect(pool.durable()).toHaveLength(3);
  const again = await pool.restart();
  expect([...(await again.mempool.executable())]).toHaveLength(3);
  // This also holds for a transaction that was already known.
  await add(pool, { nonce: 3 }, "gossip");
  await add(pool, { nonce: 4 });
  expect(pool.durable()).toHaveLength(5);
  expect(await pool.stored()).toEqual(pool.durable());
});

describe("transactions that their sender can no longer pay", () => {
  const overdraw = async (pool: TestPool, laterMs = 0) => {
    for (let nonce = 0; nonce < 40; nonce++) await add(pool, { from: 0, nonce, amount: 100n });
    const drain = await pool.maker.transfer({ from: 0, nonce: 0, amount: startBalance - 500n });
    const tip = await pool.maker.block(pool.maker.start(), { transactions: [drain], laterMs });
    await pool.addAll(tip);
    return tip;
  };

  test("transactions that their sender can no longer pay give up their places when a quarter of the pool is taken", async () => {
    const pool = await testPool({ limits: { ...limits, maxCount: 4 * 39 } });
    await overdraw(pool);
    // The balance covers nonces 1 to 4.
    expect([...pool.mempool.entries()].map(({ record }) => record.transaction.message.nonce)).toEqual([
      1, 2, 3, 4,
    ]);
    expect(await pool.stored()).toEqual(pool.durable());
  });

  test("transactions that their sender can no longer pay wait while there is room", async () => {
    const pool = await testPool({ limits: { ...limits, maxCount: 200 } });
    const tip = await overdraw(pool);
    expect(pool.mempool.count).toBe(39);
    for (let nonce = 0; nonce < 20; nonce++) await add(pool, { from: 1, nonce });
    await pool.addAll(await pool.maker.block(tip));
    expect(pool.mempool.count).toBe(4 + 20);
  });

  test("a reorganization takes no places, as what it retracts comes back", async () => {
    const pool = await testPool({ limits });
    await pool.addAll(await pool.maker.block(pool.maker.start()));
    const tip = await pool.maker.block(await overdraw(pool, 1));
    await pool.addAll(tip);
    expect(pool.mempool.count).toBe(39);
    const transactions = [await pool.maker.transfer({ from: 0, nonce: 1, amount: 100n })];
    await pool.addAll(await pool.maker.block(tip, { transactions }));
    expect(pool.mempool.count).toBe(3);
  });
});
