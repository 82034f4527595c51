import type { Pool } from "./pool.ts";
import type { AccountLookup, PoolEntry } from "./types.ts";

/**
 * Transactions that came at `oldestMs` or before and have waited long enough. An acknowledged one goes only if it cannot be executed: a chain
 * that stands still loses nothing.
 */
export function expired(pool: Pool, account: AccountLookup, oldestMs: number): PoolEntry[] {
  const entries: PoolEntry[] = [];
  for (const queue of pool.queues()) {
    const sender = account(queue.address);
    const next = sender ? queue.firstUnpaid(sender) : 0;
    for (const entry of queue.entries()) {
      const executable = entry.record.transaction.message.nonce < next;
      if (entry.receivedAtMs <= oldestMs && !(entry.batch && executable)) entries.push(entry);
    }
  }
  return entries;
}
