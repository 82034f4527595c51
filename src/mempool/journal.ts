import type { Database, Write } from "../storage/database.ts";
import type { MempoolStore } from "../storage/mempool.ts";
import { decodeRecords, encodeRecords, type TransactionRecord } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import type { PoolEntry, StoredBatch, TransactionLog } from "./types.ts";

/** The batch that is written next. */
interface OpenBatch extends StoredBatch {
  entries: PoolEntry[];
  writes: Write[];
  fresh: TransactionRecord[];
}

/** Writes made together with entries. `fresh` are transactions that are new in the pool. */
export interface Beside {
  writes: readonly Write[];
  fresh: readonly TransactionRecord[];
}

const alone: Beside = { writes: [], fresh: [] };

export interface JournalOptions {
  database: Database;
  store: MempoolStore;
  clock: Clock;
  log: TransactionLog;
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

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** All batches, oldest first. If several transactions have the same sender and nonce, the last one is valid. */
  async *load(
    domain: Uint8Array,
  ): AsyncIterable<{ batch: StoredBatch; receivedAtMs: number; records: TransactionRecord[] }> {
    for await (const { sequence, receivedAtMs, list } of this.#options.store.all()) {
      this.#nextSequence = sequence + 1;
      const batch = { sequence, receivedAtMs, waiting: new Set<PoolEntry>(), written: Promise.resolve() };
      yield { batch, receivedAtMs, records: decodeRecords(list, domain) };
    }
  }

  /**
   * Adds entries, and the writes that belong to them, to the batch that is written next. Resolves when they are on
   * disk.
   */
  append(entries: readonly PoolEntry[], { writes, fresh }: Beside = alone): Promise<void> {
    this.#open ??= this.#newBatch();
    for (const entry of entries) {
      entry.batch = this.#open;
      this.#open.waiting.add(entry);
      this.#open.entries.push(entry);
    }
    for (const write of writes) this.#open.writes.push(write);
    for (const record of fresh) this.#open.fresh.push(record);
    return this.#open.written;
  }

  /** A batch that the caller writes, and whose entries then `join` it. */
  batchOf(records: readonly TransactionRecord[]): { batch: StoredBatch; write: Write } {
    const sequence = this.#nextSequence++;
    const receivedAtMs = this.#options.clock.now();
    return {
      batch: { sequence, receivedAtMs, waiting: new Set(), written: Promise.resolve() },
      write: this.#options.store.put({ sequence, receivedAtMs, list: encodeRecords(records) }),
    };
  }

  /** The entry waits no more. Returns the deletion of its batch if it was the last one. */
  release(entry: PoolEntry): Write[] {
    const { batch } = entry;
    entry.batch = undefined;
    if (!batch?.waiting.delete(entry)) return [];
    return batch.waiting.size === 0 ? this.deletion(batch) : [];
  }

  /** Releases entries that no block included: neither they nor what they have replaced stays on disk. */
  releaseUnpaid(entries: readonly PoolEntry[]): Write[] {
    const writes: Write[] = [];
    const touched = new Set<StoredBatch>();
    for (const entry of entries) {
      if (entry.batch) touched.add(entry.batch);
      for (const batch of entry.hides) touched.add(batch);
      writes.push(...this.release(entry));
    }
    for (const { sequence, receivedAtMs, waiting } of touched) {
      if (sequence === undefined || waiting.size === 0) continue;
      const list = encodeRecords([...waiting].map(({ record }) => record));
      writes.push(this.#options.store.put({ sequence, receivedAtMs, list }));
    }
    return writes;
  }

  /** Adds an entry to a batch that contains its transaction. */
  join(entry: PoolEntry, batch: StoredBatch): void {
    batch.waiting.add(entry);
    entry.batch = batch;
  }

  /** No deletion is needed if nothing is written yet: it will not be written. */
  deletion({ sequence }: StoredBatch): Write[] {
    return sequence === undefined ? [] : [this.#options.store.delete(sequence)];
  }

  #newBatch(): OpenBatch {
    const receivedAtMs = this.#options.clock.now();
    const waiting = new Set<PoolEntry>();
    const unwritten = { sequence: undefined, receivedAtMs, waiting, written: this.#tail };
    const batch: OpenBatch = { ...unwritten, entries: [], writes: [], fresh: [] };
    batch.written = this.#tail.then(() => this.#write(batch));
    this.#tail = batch.written.catch(() => undefined);
    return batch;
  }

  async #write(batch: OpenBatch): Promise<void> {
    this.#open = undefined;
    const { database, store, clock, log } = this.#options;
    batch.receivedAtMs = clock.now();
    const { writes, fresh } = batch;
    const entries = batch.entries.filter((entry) => entry.batch === batch);
    if (entries.length > 0) {
      batch.sequence = this.#nextSequence++;
      const list = encodeRecords(entries.map(({ record }) => record));
      writes.push(store.put({ sequence: batch.sequence, receivedAtMs: batch.receivedAtMs, list }));
    }
    const logged = log.prepare(fresh);
    for (const write of logged.writes) writes.push(write);
    // The pool keeps batches alive.
    batch.entries = [];
    batch.writes = [];
    batch.fresh = [];
    await database.commit(writes);
    logged.applied();
  }
}
