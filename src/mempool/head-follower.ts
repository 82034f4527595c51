import { isExpired } from "../state/execute.ts";
import type { Prepared, Write } from "../storage/database.ts";
import type { TransactionRecord } from "../types/index.ts";
import { inSlices, type Pause } from "../util/slices.ts";
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
  /**
   * For each transaction of the change's blocks the entry that leaves: its own, or the one with its nonce. Some may have
   * left the pool since, and others may have come.
   */
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

  /** Looks everything up, with pauses. The result decides, in the turn in which the change is written. */
  async decide(change: IncludedAndRetracted, after: AccountLookup, pause: Pause): Promise<() => Decided> {
    const { applied } = change;
    const retracted = change.retracted.toReversed();
    const taken: (PoolEntry | undefined)[] = [];
    await inSlices(applied.length, 1, pause, (at) => {
      for (const record of applied[at]!.records) taken.push(this.#pool.waiting(record));
    });
    const newest = applied.at(-1);
    // A recovery that abandons blocks applies none: the next block takes the place of the lowest abandoned one.
    const nextHeight = newest ? newest.height + 1 : (retracted[0]?.height ?? 1);
    // A transaction does not return if it is in a block again, if its nonce is used, or if it has ended.
    const returns = (record: TransactionRecord) => {
      const { message } = record.transaction;
      const { from, nonce } = message;
      if (isExpired(message, nextHeight)) return false;
      return nonce >= (after(from)?.nonce ?? 0) && !this.#pool.waiting(record);
    };
    const returning: TransactionRecord[] = [];
    await inSlices(retracted.length, 1, pause, (at) => {
      for (const record of retracted[at]!.records) if (returns(record)) returning.push(record);
    });
    return () => this.#decide(taken, returning);
  }

  #decide(taken: readonly (PoolEntry | undefined)[], returning: readonly TransactionRecord[]): Decided {
    const leaving = new Map<StoredBatch, number>();
    for (const entry of taken) {
      const batch = entry?.batch;
      if (batch) leaving.set(batch, (leaving.get(batch) ?? 0) + 1);
    }
    const deleted = new Set<StoredBatch>();
    for (const [batch, count] of leaving)
      if (batch.sequence !== undefined && count === batch.waiting) deleted.add(batch);
    const writes = [...deleted].flatMap((batch) => this.#journal.deletion(batch));
    const logged = this.#log.prepare(returning);
    if (returning.length === 0) return { taken, writes, logged, deleted, returning, batch: undefined };
    const { batch, write } = this.#journal.batchOf(returning);
    return { taken, writes: [...writes, write, ...logged.writes], logged, deleted, returning, batch };
  }

  /** Returns what is still to be written, and which transactions returned: `insert` has put them into the pool. */
  follow(
    { applied }: IncludedAndRetracted,
    { taken, deleted, returning, batch }: Decided,
    insert: (record: TransactionRecord, batch: StoredBatch) => void,
  ): { writes: Write[]; back: TransactionRecord[] } {
    const writes: Write[] = [];
    let index = 0;
    for (const { records } of applied) {
      for (const record of records) {
        const known = taken[index++];
        const entry = known?.queue ? known : this.#pool.waiting(record);
        if (!entry) continue;
        const left = entry.batch;
        this.#pool.remove(entry);
        const deletion = this.#journal.release(entry);
        if (!left || !deleted.has(left)) writes.push(...deletion);
      }
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
}
