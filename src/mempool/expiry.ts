import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { AccountLookup } from "./types.ts";

/**
 * Transactions that arrived at `oldestMs` or before and have waited long enough. An acknowledged one expires only if it
 * cannot be executed, so that a halted chain loses nothing.
 */
export function expired(pool: Pool, account: AccountLookup, oldestMs: number): PoolEntry[] {
  const entries: PoolEntry[] = [];
  for (const queue of pool.queues()) {
    const sender = account(queue.address);
    const next = sender ? queue.firstUnpaid(sender) : 0;
    for (const entry of queue.entries()) {
      const executable = entry.nonce < next;
      if (entry.receivedAtMs <= oldestMs && !(entry.batch && executable)) entries.push(entry);
    }
  }
  return entries;
}
