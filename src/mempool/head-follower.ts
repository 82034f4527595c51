import { isExpired } from "../state/execute.ts";
import type { Prepared, Write } from "../storage/database.ts";
import type { TransactionRecord } from "../types/index.ts";
import type { Journal } from "./journal.ts";
import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { AccountLookup, StoredBatch, TransactionLog } from "./types.ts";

/** The part of a change of the head that concerns the pool. */
export interface IncludedAndRetracted {
  /** Oldest first. */
  applied: readonly { height: number; records: readonly TransactionRecord[] }[];
  /** Newest first. */
  retracted: readonly { height: number; records: readonly TransactionRecord[] }[];
}

/** Decisions made before a change is written. */
export interface Decided {
  /** Written in the batch of the change. */
  writes: Write[];
  logged: Prepared;
  /** The result of `#taken`. */
  taken: readonly (PoolEntry | undefined)[];
  /** Batches that are deleted, because all that waited in them is in the change's blocks. */
  deleted: ReadonlySet<StoredBatch>;
  returning: readonly TransactionRecord[];
  /** The batch of the transactions that return. */
  batch: StoredBatch | undefined;
}

/**
 * Keeps pool and journal consistent over changes of the head. A change is decided before it is written (`decide`), and
 * applied to the pool when it is on disk (`follow`), which also corrects for what was added in between.
 */
export class HeadFollower {
  readonly #pool: Pool;
  readonly #journal: Journal;
  readonly #log: TransactionLog;

  constructor(pool: Pool, journal: Journal, log: TransactionLog) {
    this.#pool = pool;
    this.#journal = journal;
    this.#log = log;
  }

  decide(change: IncludedAndRetracted, after: AccountLookup): Decided {
    const taken = this.#taken(change);
    const leaving = new Map<StoredBatch, number>();
    for (const entry of taken) {
      const batch = entry?.batch;
      if (batch) leaving.set(batch, (leaving.get(batch) ?? 0) + 1);
    }
    const deleted = new Set<StoredBatch>();
    for (const [batch, count] of leaving)
      if (batch.sequence !== undefined && count === batch.waiting) deleted.add(batch);
    const writes = [...deleted].flatMap((batch) => this.#journal.deletion(batch));
    const newest = change.applied.at(-1);
    // A recovery that abandons blocks applies none: the next block takes the place of the lowest abandoned one.
    const nextHeight = newest ? newest.height + 1 : (change.retracted.at(-1)?.height ?? 1);
    // A transaction does not return if it is in a block again, if its nonce is used, or if it has ended.
    const returning = change.retracted
      .toReversed()
      .flatMap(({ records }) => records)
      .filter((record) => {
        const { message } = record.transaction;
        const { from, nonce } = message;
        if (isExpired(message, nextHeight)) return false;
        return nonce >= (after(from)?.nonce ?? 0) && !this.#pool.waiting(record);
      });
    const logged = this.#log.prepare(returning);
    if (returning.length === 0) return { taken, writes, logged, deleted, returning, batch: undefined };
    const { batch, write } = this.#journal.batchOf(returning);
    return { taken, writes: [...writes, write, ...logged.writes], logged, deleted, returning, batch };
  }

  /** Returns what is still to be written, and which transactions returned: `insert` has put them into the pool. */
  follow(
    change: IncludedAndRetracted,
    { taken, deleted, returning, batch }: Decided,
    insert: (record: TransactionRecord, batch: StoredBatch) => void,
  ): { writes: Write[]; back: TransactionRecord[] } {
    const writes: Write[] = [];
    for (const entry of this.#taken(change, taken)) {
      if (!entry) continue;
      const left = entry.batch;
      this.#pool.remove(entry);
      const deletion = this.#journal.release(entry);
      if (!left || !deleted.has(left)) writes.push(...deletion);
    }
    const back: TransactionRecord[] = [];
    for (const record of returning) {
      const rival = this.#pool.waiting(record);
      if (!rival) {
        insert(record, batch!);
        back.push(record);
      } else {
        // Its sender has meanwhile sent it again, or another transaction with its nonce. That one inherits the promise,
        // in a later batch.
        rival.hides = [...rival.hides, batch!];
        // A write that fails ends the node.
        if (!rival.batch) this.#journal.append([rival]).catch(() => undefined);
      }
    }
    if (batch?.waiting === 0) writes.push(...this.#journal.deletion(batch));
    return { writes, back };
  }

  /**
   * For each transaction of the change's blocks the entry that leaves: its own, or the one with its nonce. `before` is
   * the result of an earlier call, of which what is still in the pool is not looked up again.
   */
  #taken(
    { applied }: IncludedAndRetracted,
    before: readonly (PoolEntry | undefined)[] = [],
  ): (PoolEntry | undefined)[] {
    return applied
      .flatMap(({ records }) => records)
      .map((record, index) => (before[index]?.queue ? before[index] : this.#pool.waiting(record)));
  }
}
