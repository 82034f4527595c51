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

/** Transactions that return together. A few ms of work. */
const returnedTogether = 1024;

/** Transactions of a retracted block that return, and their entries, which are in the pool. */
export interface Returning {
  records: readonly TransactionRecord[];
  entries: readonly PoolEntry[];
}

/** Decisions made before a change is written. */
export interface Decided {
  /** Written in the batch of the change. */
  writes: Write[];
  logged: Prepared;
  /**
   * For each transaction of each of the change's blocks the entry that leaves: its own, or the one with its nonce. Some
   * may have left the pool since, and others may have come.
   */
  taken: readonly (PoolEntry | undefined)[][];
  /** Batches that are deleted, because all that waited in them is in the change's blocks. */
  deleted: ReadonlySet<StoredBatch>;
  /** The senders of retracted transactions that have ended, which others of theirs may wait behind. */
  ended: readonly Uint8Array[];
}

/** Puts a transaction into the pool. */
export type Insert = (record: TransactionRecord) => PoolEntry;

/**
 * Keeps pool and journal consistent over changes of the head. A change is decided before it is written (`decide`). What
 * returns is put into the pool then, slice by slice, since nothing takes it before the head has moved: its nonces are
 * used until then. What is included leaves in one turn when the change is on disk (`include`), which also corrects for
 * what was added in between.
 */
export class HeadFollower {
  readonly #pool: Pool;
  readonly #journal: Journal;
  readonly #log: TransactionLog;
  readonly #insert: Insert;
  /** The transactions that the change under way returns to the mempool, with their entries. */
  #returning: Returning[] = [];

  constructor(pool: Pool, journal: Journal, log: TransactionLog, insert: Insert) {
    this.#pool = pool;
    this.#journal = journal;
    this.#log = log;
    this.#insert = insert;
  }

  /** Looks everything up, with pauses. The result decides, in the turn in which the change is written. */
  async decide(change: IncludedAndRetracted, after: AccountLookup, pause: Pause): Promise<() => Decided> {
    await this.#withdraw(pause);
    const { applied } = change;
    const retracted = change.retracted.toReversed();
    const taken: (PoolEntry | undefined)[][] = [];
    await inSlices(applied.length, 1, pause, (at) => {
      taken.push(applied[at]!.records.map((record) => this.#pool.waiting(record)));
    });
    const newest = applied.at(-1);
    // A recovery that abandons blocks applies none: the next block takes the place of the lowest abandoned one.
    const nextHeight = newest ? newest.height + 1 : (retracted[0]?.height ?? 1);
    const hasEnded = ({ transaction }: TransactionRecord) => isExpired(transaction.message, nextHeight);
    // A transaction does not return if it is in a block again, if its nonce is used, or if it has ended.
    const returns = (record: TransactionRecord) => {
      if (hasEnded(record)) return false;
      const { from, nonce } = record.transaction.message;
      return nonce >= (after(from)?.nonce ?? 0) && !this.#pool.waiting(record);
    };
    const writes: Write[] = [];
    const rows: Uint8Array[] = [];
    const ended: Uint8Array[] = [];
    for (const { records } of retracted)
      for (let from = 0; from < records.length; from += returnedTogether) {
        await pause();
        const slice = records.slice(from, from + returnedTogether);
        for (const record of slice) if (hasEnded(record)) ended.push(record.transaction.message.from);
        const together = slice.filter(returns);
        if (together.length === 0) continue;
        const { batch, write } = this.#journal.batchOf(together);
        const entries = together.map((record) => this.#insert(record));
        for (const entry of entries) this.#journal.join(entry, batch);
        this.#returning.push({ records: together, entries });
        writes.push(write);
        rows.push(...this.#log.encode(together));
      }
    return () => ({ ...this.#decide(taken, writes, rows), ended });
  }

  /** A change that failed leaves what was to return in the pool. */
  async #withdraw(pause: Pause): Promise<void> {
    const returning = this.#returning;
    this.#returning = [];
    await inSlices(returning.length, 1, pause, (at) => {
      for (const entry of returning[at]!.entries) {
        this.#pool.remove(entry);
        this.#journal.release(entry);
      }
    });
  }

  /** `writes` are those of the batches that return, `rows` what is logged of them. */
  #decide(taken: Decided["taken"], writes: readonly Write[], rows: readonly Uint8Array[]) {
    const leaving = new Map<StoredBatch, number>();
    for (const entries of taken)
      for (const entry of entries) {
        const batch = entry?.batch;
        if (batch) leaving.set(batch, (leaving.get(batch) ?? 0) + 1);
      }
    const deleted = new Set<StoredBatch>();
    for (const [batch, count] of leaving) {
      const isLast = batch.sequence !== undefined && count === batch.waiting;
      if (isLast && !this.#journal.isReplacing(batch)) deleted.add(batch);
    }
    const deletions = [...deleted].flatMap((batch) => this.#journal.deletion(batch));
    const logged = this.#log.prepare(rows);
    return { taken, writes: [...deletions, ...writes, ...logged.writes], logged, deleted };
  }

  /** The transactions of a block leave the pool; `taken` are their entries. Returns what is still to be written. */
  include(
    records: readonly TransactionRecord[],
    taken: readonly (PoolEntry | undefined)[],
    { deleted }: Decided,
  ): Write[] {
    const writes: Write[] = [];
    for (const [index, record] of records.entries()) {
      const known = taken[index];
      const entry = known?.queue ? known : this.#pool.waiting(record);
      if (!entry) continue;
      const left = entry.batch;
      this.#pool.remove(entry);
      const deletion = this.#journal.release(entry);
      if (!left || !deleted.has(left)) writes.push(...deletion);
    }
    return writes;
  }

  /** The change is on disk: what was to return has returned. */
  returned(): readonly Returning[] {
    const returning = this.#returning;
    this.#returning = [];
    return returning;
  }
}
