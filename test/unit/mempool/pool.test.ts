import { expect, test, vi } from "vitest";
import { Pool } from "../../../src/mempool/pool.ts";
import { PoolEntry } from "../../../src/mempool/pool-entry.ts";
import { computeDomain, transactionRecord, zero32 } from "../../../src/types/index.ts";

const domain = computeDomain("transaction", zero32);

function entry(sender: number, nonce: number) {
  const from = new Uint8Array(32).fill(sender);
  const message = { from, to: from, amount: 1n, fee: 1n, nonce, validUntil: 0, memo: new Uint8Array() };
  const record = transactionRecord({ message, signature: new Uint8Array(64) }, domain);
  return new PoolEntry(record, { receivedAtMs: 0, hides: [], sequence: nonce });
}

test("looks at no account to tell that all transactions wait for a missing nonce", () => {
  const account = vi.fn(() => ({ balance: 10n, nonce: 0 }));
  const pool = new Pool(account);
  for (let sender = 1; sender <= 50; sender++) pool.insert(entry(sender, 1));
  account.mockClear();
  expect(pool.hasExecutable).toBe(false);
  expect(account).not.toHaveBeenCalled();
  pool.insert(entry(7, 0));
  expect(pool.hasExecutable).toBe(true);
});
