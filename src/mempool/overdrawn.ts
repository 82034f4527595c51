import type { AccountQueue } from "./account-queue.ts";
import type { IncludedAndRetracted } from "./head-follower.ts";
import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { AccountLookup } from "./types.ts";

/**
 * Senders who, with transactions sent through other nodes, have spent what was to pay for those that wait here. These
 * would hold their places without ever paying for them. A reorganization overdraws nobody, because what it retracts
 * comes back.
 */
export class Overdrawn {
  readonly #pool: Pool;
  readonly #account: AccountLookup;
  readonly #queues = new Set<AccountQueue<PoolEntry>>();

  constructor(pool: Pool, account: AccountLookup) {
    this.#pool = pool;
    this.#account = account;
  }

  /** Follows a change of the head, after the pool has followed it. */
  update({ applied, retracted }: IncludedAndRetracted): void {
    for (const queue of this.#queues) if (!this.#waits(queue)) this.#queues.delete(queue);
    if (this.#pool.count === 0) return;
    for (const { records } of applied) {
      for (const { transaction } of records) {
        const queue = this.#pool.queue(transaction.message.from);
        if (!queue) continue;
        const { nonce, balance } = this.#account(queue.address) ?? { nonce: 0, balance: 0n };
        this.#pool.follow(queue, nonce);
        if (queue.costFrom(nonce) <= balance) this.#queues.delete(queue);
        else if (retracted.length === 0) this.#queues.add(queue);
      }
    }
  }

  /** The entries that nobody can pay for now; entries that are paid for stay. */
  take(): PoolEntry[] {
    const entries: PoolEntry[] = [];
    for (const queue of this.#queues) {
      if (!this.#waits(queue)) continue;
      const account = this.#account(queue.address);
      const first = account ? queue.firstUnpaid(account) : 0;
      if (account && queue.costFrom(account.nonce) <= account.balance) continue;
      for (const entry of queue.entries()) if (entry.nonce >= first) entries.push(entry);
    }
    this.#queues.clear();
    return entries;
  }

  #waits(queue: AccountQueue<PoolEntry>): boolean {
    return this.#pool.queue(queue.address) === queue;
  }
}
