import { expect, test } from "vitest";
import type { Transfer } from "../support/chain.ts";
import { agree, recordsOf, type TestPool, testPool } from "../support/mempool.ts";

const perRound = 40;
const rounds = 60;

async function post(pool: TestPool, transfers: Transfer[]): Promise<void> {
  for (const { accepted } of await pool.mempool.add(await recordsOf(pool, transfers), "local"))
    expect(accepted).toBe(true);
}

/** Replaces transactions that wait for a missing nonce, each time in a batch with one that keeps it on disk. */
async function replace(pool: TestPool): Promise<void> {
  let fee = 1n;
  for (let round = 0; round < rounds; round++) {
    const replaced = Array.from({ length: perRound }, (_, at) => ({ nonce: 1 + at, fee }));
    await post(pool, [...replaced, { from: 1, nonce: round }]);
    fee += fee / 10n + 1n;
  }
}

test("what was replaced does not stay on disk for the sake of what was written with it", async () => {
  const pool = await testPool();
  const { commits } = pool.database;
  await replace(pool);
  // It leaves in the same write that brings a replacement, so that a promise holds until then.
  expect(pool.database.commits - commits).toBe(rounds);
  expect(pool.mempool.count).toBe(perRound + rounds);
  expect((await pool.batches()).flat().length).toBeLessThan(perRound + rounds + 1_000 + perRound);
  await agree(pool);
});
