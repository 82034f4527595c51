import { expect, test, vi } from "vitest";
import type { TransactionLog } from "../../../src/mempool/types.ts";
import { codeOf, type Transfer } from "../support/chain.ts";
import { agree, holdCommit, recordsOf, type TestPool, testPool } from "../support/mempool.ts";

async function add(pool: TestPool, transfer: Transfer, source: "local" | "gossip"): Promise<string> {
  const [outcome] = await pool.mempool.add(await recordsOf(pool, [transfer]), source);
  return outcome!.accepted ? "accepted" : outcome!.code;
}

const waiting = ({ mempool }: TestPool) => [...mempool.entries()].map(({ fee }) => fee);

test("announces and logs what is new: with the batch on disk, or by itself if there is none", async () => {
  const logged: string[] = [];
  const log: TransactionLog = {
    encode: (records) => records.map(({ id }) => id),
    prepare: (rows) => ({
      writes: rows.map((row) => ({ key: row, value: row })),
      applied: () => void logged.push(`prepared ${rows.length}`),
    }),
    append: (records) => void logged.push(`appended ${records.map(({ idHex }) => idHex)}`),
  };
  const pool = await testPool({ log });
  const { mempool, database } = pool;
  const announced: unknown[] = [];
  mempool.events.on("added", (event) => announced.push(event));
  const [first, refused, second] = await recordsOf(pool, [{}, { nonce: 99 }, { nonce: 1 }]);
  logged.length = 0;
  await mempool.add([first!, refused!], "local");
  expect(logged).toEqual(["prepared 1"]);
  expect(await database.get(first!.id)).toEqual(first!.id);
  const { commits } = database;
  await mempool.add([second!, refused!], "gossip");
  await mempool.add([second!, refused!], "gossip");
  expect(logged).toEqual(["prepared 1", `appended ${second!.idHex}`]);
  expect(database.commits).toBe(commits);
  expect(announced).toEqual([
    { source: "local", records: [first] },
    { source: "gossip", records: [second] },
  ]);
});

test("stores nothing that was not submitted here, though it is repeated, refused, or replaced", async () => {
  const pool = await testPool();
  expect(await add(pool, { fee: 1n }, "gossip")).toBe("accepted");
  expect(await add(pool, { fee: 1n }, "gossip")).toBe("ALREADY_KNOWN");
  expect(await add(pool, { fee: 9n }, "gossip")).toBe("accepted");
  expect(await add(pool, { fee: 2n }, "local")).toBe("FEE_TOO_LOW");
  expect(pool.durable()).toEqual([]);
  expect(await pool.batches()).toEqual([]);
});

test("a replacement of a replacement remembers only batches whose transactions still wait", async () => {
  const pool = await testPool();
  for (const fee of [1n, 3n, 5n, 7n]) await add(pool, { fee }, "local");
  const [entry] = pool.mempool.entries();
  expect(entry!.hides.filter((batch) => batch !== entry!.batch)).toHaveLength(1);
  await agree(pool);
});

test("what replaced others when its write fails gives their places back, the first to the first", async () => {
  const pool = await testPool();
  await add(pool, { fee: 1n }, "gossip");
  pool.database.failing = 1;
  const records = await recordsOf(pool, [{ fee: 10n }, { fee: 20n }]);
  expect(await codeOf(pool.mempool.add(records, "local"))).toBe("WRITE_FAILED");
  expect(waiting(pool)).toEqual([1n]);
  expect(pool.durable()).toEqual([]);
  await agree(pool);
});

test("what was replaced while its write failed leaves the place to that", async () => {
  const pool = await testPool();
  await add(pool, { fee: 1n }, "gossip");
  const release = holdCommit(pool);
  pool.database.failing = 1;
  const failing = codeOf(pool.mempool.add(await recordsOf(pool, [{ fee: 10n }]), "local"));
  await expect.poll(() => waiting(pool)).toEqual([10n]);
  const later = add(pool, { fee: 20n }, "gossip");
  await expect.poll(() => waiting(pool)).toEqual([20n]);
  release();
  expect([await failing, await later]).toEqual(["WRITE_FAILED", "accepted"]);
  expect(waiting(pool)).toEqual([20n]);
  await agree(pool);
});

test("a transaction does not come back if it was to be written together with what replaced it", async () => {
  const pool = await testPool();
  const release = holdCommit(pool);
  const first = add(pool, { from: 1 }, "local");
  await expect.poll(() => pool.mempool.count).toBe(1);
  const failing: Promise<string>[] = [];
  for (const fee of [10n, 20n]) {
    failing.push(codeOf(pool.mempool.add(await recordsOf(pool, [{ fee }]), "local")));
    await expect.poll(() => waiting(pool).at(-1)).toBe(fee);
  }
  pool.database.beforeCommit = async () => {
    pool.database.failing = 1;
  };
  release();
  expect(await first).toBe("accepted");
  expect(await Promise.all(failing)).toEqual(["WRITE_FAILED", "WRITE_FAILED"]);
  expect(waiting(pool)).toEqual([1n]);
  await agree(pool);
});

test("what is on no disk is replaced without a write", async () => {
  const pool = await testPool();
  const commit = vi.spyOn(pool.database, "commit");
  for (const fee of [1n, 9n]) expect(await add(pool, { fee }, "gossip")).toBe("accepted");
  await new Promise(setImmediate);
  expect(waiting(pool)).toEqual([9n]);
  expect(commit).not.toHaveBeenCalled();
});
