import type { AccountQueue } from "./account-queue.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { AccountLookup } from "./types.ts";

/**
 * Transactions of a sender that arrived at `oldestMs` or before and have waited long enough. An acknowledged one
 * expires only if it cannot be executed, so that a halted chain loses nothing.
 */
export function expired(
  queue: AccountQueue<PoolEntry>,
  account: AccountLookup,
  oldestMs: number,
): PoolEntry[] {
  const entries: PoolEntry[] = [];
  const sender = account(queue.address);
  const next = sender ? queue.firstUnpaid(sender) : 0;
  for (const entry of queue.entries()) {
    const executable = entry.nonce < next;
    if (entry.receivedAtMs <= oldestMs && !(entry.batch && executable)) entries.push(entry);
  }
  return entries;
}
