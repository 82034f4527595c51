import { expect, test } from "vitest";
import type { Transfer } from "../support/chain.ts";
import { agree, holdCommit, recordsOf, type TestPool, testPool } from "../support/mempool.ts";

/**
 * Two acknowledged transactions in one batch, one of which is being replaced: its replacement waits for another write.
 * Returns the one that is not replaced.
 */
async function replaceSlowly(pool: TestPool, other: Transfer) {
  const records = await recordsOf(pool, [{ fee: 1n }, { from: 1, ...other }]);
  await pool.mempool.add(records, "local");
  const release = holdCommit(pool);
  const before = pool.mempool.add(await recordsOf(pool, [{ from: 2, fee: 2n }]), "local");
  await expect.poll(() => pool.mempool.count).toBe(3);
  const replacing = pool.mempool.add(await recordsOf(pool, [{ fee: 9n }]), "local");
  await expect.poll(() => [...pool.mempool.entries()].some(({ fee }) => fee === 9n)).toBe(true);
  return { other: records[1]!.transaction, release, added: Promise.all([before, replacing]) };
}

/** The fees of what the account of the replaced transaction has after a power cut now. */
async function feesAfterCut(pool: TestPool): Promise<bigint[]> {
  const again = await pool.restart();
  const own = [...again.mempool.entries()].filter(({ fee }) => fee !== 2n);
  return own.map(({ fee }) => fee);
}

test("a block with the rest of its batch leaves a transaction on disk until its replacement is there", async () => {
  const pool = await testPool();
  const { other, release, added } = await replaceSlowly(pool, { fee: 2n });
  await pool.addAll(await pool.maker.block(pool.maker.start(), { transactions: [other] }));
  expect(await feesAfterCut(pool)).toEqual([1n]);
  release();
  await added;
  expect(await feesAfterCut(pool)).toEqual([9n]);
  await agree(pool);
});

test("so does another one of its batch that ends", async () => {
  const pool = await testPool();
  const { release, added } = await replaceSlowly(pool, { fee: 2n, validUntil: 1 });
  await pool.addAll(await pool.maker.block(pool.maker.start()));
  expect(await feesAfterCut(pool)).toEqual([1n]);
  release();
  await added;
  expect(await feesAfterCut(pool)).toEqual([9n]);
  await agree(pool);
});
