import type { Write } from "../storage/database.ts";
import type { MempoolStore } from "../storage/mempool.ts";
import type { Transaction, TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { Pool } from "./pool.ts";
import type { AccountLookup, PoolEntry, TransactionLog } from "./types.ts";

/** The part of a change of the head that concerns the pool. */
export interface IncludedAndRetracted {
  applied: readonly { records: readonly TransactionRecord[] }[];
  /** Newest first. */
  retracted: readonly { records: readonly TransactionRecord[] }[];
}

/** What was decided before a change was written. */
interface Decided {
  /** Taken out of the store. */
  deleted: Set<Hex>;
  /** Put into it. */
  returning: TransactionRecord[];
}

export interface FollowerOptions {
  store: MempoolStore;
  clock: Clock;
  log?: TransactionLog;
}

/**
 * Keeps pool and store alike over changes of the head. A change is decided before it is written (`writesFor`) and
 * taken into the pool when it is on disk (`update`); what was added in between is put right then.
 */
export class HeadFollower {
  readonly #pool: Pool;
  readonly #options: FollowerOptions;
  readonly #decided = new WeakMap<IncludedAndRetracted, Decided>();

  constructor(pool: Pool, options: FollowerOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  writesFor(change: IncludedAndRetracted, after: AccountLookup): Write[] {
    const { store, clock, log } = this.#options;
    const writes: Write[] = [];
    const deleted = new Set<Hex>();
    for (const { transaction } of change.applied.flatMap(({ records }) => records)) {
      const entry = this.#waiting(transaction);
      if (!entry?.durable) continue;
      deleted.add(entry.record.idHex);
      writes.push(store.delete(entry.record.id));
    }
    // What is in a block again, or whose nonce is used, does not come back.
    const returning = change.retracted
      .toReversed()
      .flatMap(({ records }) => records)
      .filter(({ transaction }) => {
        const { from, nonce } = transaction.message;
        return nonce >= (after(from)?.nonce ?? 0) && !this.#waiting(transaction);
      });
    for (const { id, transaction } of returning) writes.push(store.put(id, transaction, clock.now()));
    writes.push(...(log?.record(returning) ?? []));
    this.#decided.set(change, { deleted, returning });
    return writes;
  }

  /** Returns what is left to be written, and what came back. */
  update(
    change: IncludedAndRetracted,
    insert: (record: TransactionRecord) => void,
  ): { writes: Write[]; back: TransactionRecord[] } {
    const { store } = this.#options;
    const { deleted, returning } = this.#decided.get(change) ?? { deleted: new Set<Hex>(), returning: [] };
    const writes: Write[] = [];
    for (const { transaction } of change.applied.flatMap(({ records }) => records)) {
      const entry = this.#waiting(transaction);
      if (!entry) continue;
      this.#pool.remove(entry);
      if (entry.durable && !deleted.has(entry.record.idHex)) writes.push(store.delete(entry.record.id));
    }
    const back: TransactionRecord[] = [];
    for (const record of returning) {
      const rival = this.#waiting(record.transaction);
      if (rival?.record.idHex === record.idHex) {
        rival.durable = true;
      } else if (rival) {
        // Its sender has sent another with this nonce meanwhile.
        writes.push(store.delete(record.id));
      } else {
        insert(record);
        back.push(record);
      }
    }
    return { writes, back };
  }

  /** The entry of the same sender and nonce. */
  #waiting({ message: { from, nonce } }: Transaction): PoolEntry | undefined {
    return this.#pool.queue(from)?.get(nonce);
  }
}
