import { expect, test, vi } from "vitest";
import { Pool } from "../../../src/mempool/pool.ts";
import { PoolEntry } from "../../../src/mempool/pool-entry.ts";
import { computeDomain, zero32 } from "../../../src/types/index.ts";
import { transactionRecord } from "../../transaction-record.ts";

const noPause = async () => undefined;
const domain = computeDomain("transaction", zero32);

function entry(sender: number, nonce: number, validUntil = 0) {
  const from = new Uint8Array(32).fill(sender);
  const message = { from, to: from, amount: 1n, fee: 1n, nonce, validUntil, memo: new Uint8Array() };
  const record = transactionRecord({ message, signature: new Uint8Array(64) }, domain);
  return new PoolEntry(record, { receivedAtMs: 0, hides: [], sequence: nonce });
}

test("looks at no account whose transactions all wait for a missing nonce", async () => {
  const account = vi.fn(() => ({ balance: 10n, nonce: 0 }));
  const pool = new Pool(account);
  /** Returns the transactions that a block could include, and the number of accounts that were looked at. */
  const executable = async () => {
    account.mockClear();
    const found = [...(await pool.executable(4096, noPause))].map(({ nonce }) => nonce);
    expect(pool.hasExecutable).toBe(found.length > 0);
    return { found, looks: account.mock.calls.length };
  };
  for (let sender = 1; sender <= 50; sender++) pool.insert(entry(sender, 1));
  expect(await executable()).toEqual({ found: [], looks: 0 });
  const first = entry(7, 0);
  pool.insert(first);
  expect(await executable()).toEqual({ found: [0, 1], looks: 2 });
  // Without it, the one after it waits again.
  expect(pool.drop(first)).toHaveLength(1);
  expect(await executable()).toEqual({ found: [], looks: 0 });
  const again = entry(7, 0);
  pool.insert(again);
  pool.remove(again);
  account.mockReturnValue({ balance: 10n, nonce: 1 });
  expect(await executable()).toEqual({ found: [1], looks: 2 });
});

test("pauses while it looks at the senders", async () => {
  const account = vi.fn(() => ({ balance: 10n, nonce: 0 }));
  const pool = new Pool(account);
  for (let sender = 1; sender <= 5; sender++) pool.insert(entry(sender, 0));
  account.mockClear();
  const looks: number[] = [];
  const found = await pool.executable(2, async () => void looks.push(account.mock.calls.length));
  expect(looks).toEqual([2, 4]);
  expect([...found]).toHaveLength(5);
});

test("forgets all of what has left", async () => {
  const pool = new Pool(() => undefined);
  const left = entry(1, 0, 9);
  const { bytes, id } = left;
  const sizes = () => [pool.count, pool.senders, pool.bytes, pool.byShortId(id) && "known"];
  pool.insert(left);
  pool.insert(entry(2, 0));
  expect(sizes()).toEqual([2, 2, 2 * bytes, "known"]);
  pool.remove(left);
  pool.remove(left);
  expect(sizes()).toEqual([1, 1, bytes, undefined]);
  expect(pool.endedAt(9)).toEqual([]);
});

test("what follows a transaction whose nonce was used waits for nothing", () => {
  const pool = new Pool(() => ({ balance: 10n, nonce: 5 }));
  const [used, first, second] = [entry(1, 4), entry(1, 5), entry(1, 6)] as const;
  expect(pool.nextNonce(new Uint8Array(32).fill(1))).toBe(5);
  for (const each of [used, first, second]) pool.insert(each);
  expect(pool.drop(used)).toEqual([]);
  expect(pool.aheadCount).toBe(0);
  expect(pool.drop(first)).toEqual([second]);
  expect(pool.drop(second)).toEqual([]);
});

test("an account that nobody knows has used no nonce", async () => {
  const pool = new Pool(() => undefined);
  const [first, second] = [entry(1, 0), entry(1, 1)] as const;
  for (const each of [first, second]) pool.insert(each);
  expect(pool.strand(first.queue!)).toEqual([]);
  expect(pool.hasExecutable).toBe(true);
  expect([...(await pool.executable(9, noPause))]).toEqual([first, second]);
  expect(pool.nextNonce(new Uint8Array(32).fill(1))).toBe(2);
  expect(pool.drop(first)).toEqual([second]);
  expect(pool.nextNonce(new Uint8Array(32).fill(1))).toBe(0);
});

test("what waits behind a gap that a reorganization has left is stranded in the order of nonces", async () => {
  let nonce = 5;
  const account = vi.fn(() => ({ balance: 10n, nonce }));
  const pool = new Pool(account);
  const [first, second, third, fourth, fifth, seventh] = [1, 2, 3, 4, 5, 7].map((each) => entry(1, each));
  // The one with nonce 3 has not returned.
  for (const each of [fifth, fourth, seventh, second, first]) pool.insert(each!);
  expect(pool.aheadCount).toBe(1);
  nonce = 1;
  const queue = first!.queue!;
  expect(pool.strand(queue)).toEqual([fourth, fifth]);
  expect(pool.aheadCount).toBe(3);
  expect([...(await pool.executable(9, noPause))]).toEqual([first, second]);
  // There is no other gap, which is known without walking the queue.
  const walk = vi.spyOn(queue, "entries");
  expect(pool.strand(queue)).toEqual([]);
  expect(walk).not.toHaveBeenCalled();
  for (const each of [first, second]) pool.remove(each!);
  account.mockClear();
  expect(pool.hasExecutable).toBe(false);
  expect(account).not.toHaveBeenCalled();
  nonce = 3;
  pool.insert(third!);
  expect([...(await pool.executable(9, noPause))]).toEqual([third, fourth, fifth]);
});

test("offers no block a transaction whose nonce is used", async () => {
  const pool = new Pool(() => ({ balance: 10n, nonce: 5 }));
  pool.insert(entry(1, 4));
  expect(pool.hasExecutable).toBe(false);
  expect([...(await pool.executable(9, noPause))]).toEqual([]);
});

test("finds the newer of two transactions with the same short id, also when the older one has left", () => {
  const pool = new Pool(() => undefined);
  const older = entry(1, 0);
  const newer = Object.assign(entry(2, 0), { shortKey: older.shortKey });
  for (const each of [older, newer]) pool.insert(each);
  expect([older, newer].map(({ record }) => pool.has(record))).toEqual([true, true]);
  pool.remove(older);
  expect([older, newer].map(({ record }) => pool.has(record))).toEqual([false, true]);
  expect(pool.byShortId(older.id)?.idHex).toBe(newer.idHex);
});
