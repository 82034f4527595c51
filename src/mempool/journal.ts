import type { Database, Write } from "../storage/database.ts";
import type { MempoolStore } from "../storage/mempool.ts";
import { decodeRecords, encodeRecords, joinTransactions, type TransactionRecord } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { StoredBatch, TransactionLog } from "./types.ts";

/** The batch that is written next, with what is written. */
interface OpenBatch {
  batch: StoredBatch;
  entries: PoolEntry[];
  writes: Write[];
  fresh: TransactionRecord[];
  /** Batches on disk with transactions that entries of this one replace. */
  replacing: Set<StoredBatch>;
}

/** Writes made together with entries. `fresh` are transactions that are new in the pool. */
export interface Beside {
  writes: readonly Write[];
  fresh: readonly TransactionRecord[];
}

const alone: Beside = { writes: [], fresh: [] };

/**
 * Replaced transactions may stay on disk up to this number or that of the waiting ones: to delete them takes a look at
 * all that wait.
 */
const minReplaced = 1_000;

export interface JournalOptions {
  database: Database;
  store: MempoolStore;
  clock: Clock;
  log: TransactionLog;
  pool: Pick<Pool, "count" | "entries">;
}

/**
 * The acknowledged transactions on disk, in batches: those that arrive while one batch is being written form the next
 * one.
 */
export class Journal {
  readonly #options: JournalOptions;
  #nextSequence = 0;
  #open: OpenBatch | undefined;
  #tail: Promise<void> = Promise.resolve();
  /** Batches on disk with transactions that others have replaced, and about how many these are. */
  readonly #outdated = new Set<StoredBatch>();
  #replaced = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** All batches, oldest first. If several transactions have the same sender and nonce, the last one is valid. */
  async *load(domain: Uint8Array): AsyncIterable<{ batch: StoredBatch; records: TransactionRecord[] }> {
    for await (const { sequence, receivedAtMs, list } of this.#options.store.all()) {
      this.#nextSequence = sequence + 1;
      const batch = { sequence, receivedAtMs, waiting: 0, written: Promise.resolve() };
      yield { batch, records: decodeRecords(list, domain) };
    }
  }

  /**
   * Adds entries, and the writes that belong to them, to the batch that is written next. Resolves when they are on
   * disk.
   */
  append(entries: readonly PoolEntry[], { writes, fresh }: Beside = alone): Promise<void> {
    this.#open ??= this.#newBatch();
    for (const entry of entries) {
      this.join(entry, this.#open.batch);
      this.#open.entries.push(entry);
    }
    for (const write of writes) this.#open.writes.push(write);
    for (const record of fresh) this.#open.fresh.push(record);
    return this.#open.batch.written;
  }

  /** A batch that the caller writes, and whose entries then `join` it. */
  batchOf(records: readonly TransactionRecord[]): { batch: StoredBatch; write: Write } {
    const sequence = this.#nextSequence++;
    const receivedAtMs = this.#options.clock.now();
    return {
      batch: { sequence, receivedAtMs, waiting: 0, written: Promise.resolve() },
      write: this.#options.store.put({ sequence, receivedAtMs, list: encodeRecords(records) }),
    };
  }

  /** Takes an entry out of its batch. Returns the deletion of the batch if the entry was the last one that waited. */
  release(entry: PoolEntry): Write[] {
    const { batch } = entry;
    if (!batch) return [];
    entry.batch = undefined;
    batch.waiting--;
    return batch.waiting === 0 ? this.deletion(batch) : [];
  }

  /** Releases an entry that another one has replaced, which `append` adds in the same turn. */
  replace(entry: PoolEntry): Write[] {
    const { batch } = entry;
    if (!batch) return [];
    const writes = this.release(entry);
    this.#open ??= this.#newBatch();
    this.#open.replacing.add(batch);
    if (batch.sequence !== undefined && batch.waiting > 0) {
      this.#outdated.add(batch);
      this.#replaced++;
    }
    return writes;
  }

  /** True if a transaction of a batch is promised until its replacement is on disk. */
  isReplacing(batch: StoredBatch): boolean {
    return this.#open?.replacing.has(batch) === true;
  }

  /**
   * Releases an entry that no block has included, and adds the batches to `left` that contain it or what it has
   * replaced.
   */
  leave(entry: PoolEntry, left: Set<StoredBatch>): void {
    if (entry.batch) left.add(entry.batch);
    for (const batch of entry.hides) left.add(batch);
    this.commit(this.release(entry));
  }

  /** Writes batches that some transactions have left anew, with those that still wait. */
  compact(batches: Iterable<StoredBatch>): void {
    this.commit(this.#compacted(batches));
  }

  #compacted(batches: Iterable<StoredBatch>): Write[] {
    const rest = new Map<StoredBatch, PoolEntry[]>();
    for (const batch of batches) if (batch.sequence !== undefined && batch.waiting > 0) rest.set(batch, []);
    if (rest.size === 0) return [];
    for (const entry of this.#options.pool.entries()) if (entry.batch) rest.get(entry.batch)?.push(entry);
    return [...rest].map(([batch, kept]) => this.rewrite(batch, kept));
  }

  /**
   * Writes changes that nobody waits for, not before the open batch: they may take away what an entry of it replaces.
   */
  commit(writes: Write[]): void {
    if (this.#open) {
      for (const write of writes) this.#open.writes.push(write);
      return;
    }
    // A write that fails ends the node, and the next start finds what is in blocks.
    if (writes.length > 0) this.#options.database.commit(writes).catch(() => undefined);
  }

  /** Keeps only these of its transactions on disk. */
  rewrite({ sequence, receivedAtMs }: StoredBatch, kept: readonly PoolEntry[]): Write {
    return this.#options.store.put({ sequence: sequence!, receivedAtMs, list: listOf(kept) });
  }

  /** Adds an entry to a batch that contains its transaction. */
  join(entry: PoolEntry, batch: StoredBatch): void {
    batch.waiting++;
    entry.batch = batch;
  }

  /** A batch that is not written yet needs no deletion: it will not be written. */
  deletion(batch: StoredBatch): Write[] {
    const { sequence } = batch;
    this.#outdated.delete(batch);
    return sequence === undefined ? [] : [this.#options.store.delete(sequence)];
  }

  #newBatch(): OpenBatch {
    const receivedAtMs = this.#options.clock.now();
    const batch: StoredBatch = { sequence: undefined, receivedAtMs, waiting: 0, written: this.#tail };
    const open: OpenBatch = { batch, entries: [], writes: [], fresh: [], replacing: new Set() };
    batch.written = this.#tail.then(() => this.#write(open));
    // A write that fails ends the node, and is the error of all that wait for this batch.
    this.#tail = batch.written.catch(() => undefined);
    return open;
  }

  async #write({ batch, entries: appended, writes, fresh }: OpenBatch): Promise<void> {
    this.#open = undefined;
    const { database, clock, log } = this.#options;
    batch.receivedAtMs = clock.now();
    const entries = appended.filter((entry) => entry.batch === batch);
    if (entries.length > 0) {
      batch.sequence = this.#nextSequence++;
      writes.push(this.rewrite(batch, entries));
    }
    for (const write of this.#withoutReplaced()) writes.push(write);
    const logged = log.prepare(log.encode(fresh));
    for (const write of logged.writes) writes.push(write);
    await database.commit(writes);
    logged.applied();
  }

  /** Goes to disk with the last of the replacements: a promise holds until another one takes its place. */
  #withoutReplaced(): Write[] {
    if (this.#replaced < Math.max(minReplaced, this.#options.pool.count)) return [];
    const writes = this.#compacted(this.#outdated);
    this.#outdated.clear();
    this.#replaced = 0;
    return writes;
  }
}

function listOf(entries: readonly PoolEntry[]): Uint8Array {
  return joinTransactions(entries.map(({ encoded }) => encoded));
}
