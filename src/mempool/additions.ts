import type { Write } from "../storage/database.ts";
import type { TransactionRecord } from "../types/index.ts";
import type { Journal } from "./journal.ts";
import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { StoredBatch, TransactionLog } from "./types.ts";

/** `batch` is that of the replaced entry. */
interface Added {
  record: TransactionRecord;
  entry: PoolEntry;
  replaced: PoolEntry | undefined;
  batch: StoredBatch | undefined;
}

/**
 * The changes that one call of `Mempool.add` makes. The pool has them at once, the disk after `commit`, which takes
 * them back from the pool if it fails.
 */
export class Additions {
  readonly #pool: Pool;
  readonly #journal: Journal;
  readonly #log: TransactionLog;
  readonly #added: Added[] = [];
  readonly #toStore = new Set<PoolEntry>();
  /** The deletions of replaced transactions from the disk. */
  readonly #writes: Write[] = [];
  /** Batches of acknowledged transactions that the pool had already. */
  readonly #known = new Set<StoredBatch>();

  constructor(pool: Pool, journal: Journal, log: TransactionLog) {
    this.#pool = pool;
    this.#journal = journal;
    this.#log = log;
  }

  /** `entry` is in the pool now, where it has replaced the other one. */
  add(record: TransactionRecord, entry: PoolEntry, replaced: PoolEntry | undefined, durable: boolean): void {
    this.#added.push({ record, entry, replaced, batch: replaced?.batch });
    // A replacement of an acknowledged transaction inherits the promise.
    const promised = replaced !== undefined && this.#giveUp(replaced);
    if (durable || promised) this.#keep(entry);
  }

  /** Acknowledges a transaction that the pool has already. If it is being written, `commit` waits for that. */
  acknowledge({ idHex }: TransactionRecord): void {
    const entry = this.#pool.get(idHex)!;
    if (entry.batch) this.#known.add(entry.batch);
    else this.#keep(entry);
  }

  /**
   * Resolves to the transactions that are new in the pool, when everything that was acknowledged is on disk.
   * @throws {CodedError} `WRITE_FAILED`
   */
  async commit(): Promise<TransactionRecord[]> {
    const fresh = this.#added.map(({ record }) => record);
    try {
      if (this.#toStore.size > 0)
        await this.#journal.append([...this.#toStore], { writes: this.#writes, fresh });
      else if (fresh.length > 0) this.#log.append(fresh);
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    for (const batch of this.#known) await batch.written;
    return fresh;
  }

  /** Gives up an entry that was replaced; returns whether its transaction had been acknowledged. */
  #giveUp(entry: PoolEntry): boolean {
    const stored = entry.batch !== undefined;
    this.#writes.push(...this.#journal.replace(entry));
    return this.#toStore.delete(entry) || stored;
  }

  /** A promise for a transaction is worth nothing without the transactions before it. */
  #keep(entry: PoolEntry): void {
    let each: PoolEntry | undefined = entry;
    for (let before = entry.nonce - 1; each && !each.batch && !this.#toStore.has(each); before--) {
      this.#toStore.add(each);
      each = entry.queue!.get(before);
    }
  }

  #takeBack(): void {
    const [first] = this.#toStore;
    const failed = first!.batch;
    for (const entry of this.#toStore) entry.batch = undefined;
    for (const { entry, replaced, batch } of this.#added.reverse()) {
      if (this.#pool.get(entry.idHex) !== entry) continue;
      this.#pool.remove(entry);
      if (!replaced || (batch && batch === failed)) continue;
      this.#pool.insert(replaced);
      if (batch) this.#journal.join(replaced, batch);
    }
  }
}
