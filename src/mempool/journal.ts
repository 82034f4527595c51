import type { Database, Write } from "../storage/database.ts";
import type { MempoolStore } from "../storage/mempool.ts";
import { decodeRecords, encodeRecords, type TransactionRecord } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import type { PoolEntry, TransactionLog } from "./types.ts";

/**
 * Transactions that were written together. It is on disk until none of them waits any more, so that those that blocks take
 * cost no deletion of their own. What no longer waits beside others that do is forgotten at the next start: there its nonce is
 * used, or a later batch holds what has replaced it. Stragglers keep no more on disk than the blocks do that took the others: where
 * some went that no block took, and so nobody paid for, the batch is written again without them.
 */
export interface StoredBatch {
  /** Sequence number of its key; undefined until it is being written. */
  sequence: number | undefined;
  receivedAtMs: number;
  /** Those of its transactions that wait. */
  readonly waiting: Set<PoolEntry>;
  /** Resolves when it is on disk. @throws {CodedError} `WRITE_FAILED` */
  written: Promise<void>;
}

/** The batch that is written next. */
interface OpenBatch extends StoredBatch {
  entries: PoolEntry[];
  writes: Write[];
  fresh: TransactionRecord[];
}

/** Writes made together with entries. `fresh`: transactions that are new in the pool. */
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

/** The acknowledged transactions on disk, in batches: those that come while one is being written make up the next. */
export class Journal {
  readonly #options: JournalOptions;
  #nextSequence = 0;
  #open: OpenBatch | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** All batches, oldest first: of transactions with one sender and nonce the last is the valid one. */
  async *load(
    domain: Uint8Array,
  ): AsyncIterable<{ batch: StoredBatch; receivedAtMs: number; records: TransactionRecord[] }> {
    for await (const { sequence, receivedAtMs, list } of this.#options.store.all()) {
      this.#nextSequence = sequence + 1;
      const batch = { sequence, receivedAtMs, waiting: new Set<PoolEntry>(), written: Promise.resolve() };
      yield { batch, receivedAtMs, records: decodeRecords(list, domain) };
    }
  }

  /** Puts entries into the batch that is written next, and what goes with them beside it. Resolves when they are on disk. */
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

  /** A batch that somebody else writes, and whose entries `join` it then. */
  batchOf(records: readonly TransactionRecord[]): { batch: StoredBatch; write: Write } {
    const sequence = this.#nextSequence++;
    const receivedAtMs = this.#options.clock.now();
    return {
      batch: { sequence, receivedAtMs, waiting: new Set(), written: Promise.resolve() },
      write: this.#options.store.put({ sequence, receivedAtMs, list: encodeRecords(records) }),
    };
  }

  /** The entry waits no more: the deletion of its batch where it was the last. */
  release(entry: PoolEntry): Write[] {
    const { batch } = entry;
    entry.batch = undefined;
    if (!batch?.waiting.delete(entry)) return [];
    return batch.waiting.size === 0 ? this.deletion(batch) : [];
  }

  /** Releases entries that no block took: nothing of them, and of what they have replaced, stays on disk. */
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

  /** Puts an entry into a batch that holds its transaction. */
  join(entry: PoolEntry, batch: StoredBatch): void {
    batch.waiting.add(entry);
    entry.batch = batch;
  }

  /** None where nothing is written yet: it will not be. */
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
    // The pool keeps batches.
    batch.entries = [];
    batch.writes = [];
    batch.fresh = [];
    await database.commit(writes);
    logged.applied();
  }
}
