import { shortKeyOf, type TransactionRecord } from "../types/index.ts";
import type { IncludedAndRetracted } from "./head-follower.ts";

/** Two full blocks; more would take much memory while finality waits. */
const maxRecords = 20_000;

interface Block {
  height: number;
  records: readonly TransactionRecord[];
}

/**
 * The transactions of the last blocks, until these are final. A rival of such a block includes most of them too; they
 * are then neither fetched nor checked again.
 */
export class IncludedTransactions {
  readonly #byShortId = new Map<string, TransactionRecord>();
  /** Oldest first. */
  readonly #blocks: Block[] = [];
  #count = 0;

  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    return this.#byShortId.get(shortKeyOf(shortId));
  }

  has({ idHex, shortKey }: TransactionRecord): boolean {
    return this.#byShortId.get(shortKey)?.idHex === idHex;
  }

  update({ applied, retracted }: IncludedAndRetracted): void {
    const lowest = retracted.at(-1)?.height ?? Number.POSITIVE_INFINITY;
    while ((this.#blocks.at(-1)?.height ?? 0) >= lowest) this.#forget(this.#blocks.pop()!);
    // Only the last of many blocks are looked at: the first ones would be forgotten at once.
    let from = applied.length;
    for (let count = 0; from > 0; from--) {
      count += applied[from - 1]!.records.length;
      if (count > maxRecords && from < applied.length) break;
    }
    for (const { height, records } of applied.slice(from)) {
      this.#blocks.push({ height, records });
      this.#count += records.length;
      for (const record of records) this.#byShortId.set(record.shortKey, record);
    }
    while (this.#count > maxRecords && this.#blocks.length > 1) this.#forget(this.#blocks.shift()!);
  }

  /** The blocks up to this one have no rivals any more. */
  finalize(height: number): void {
    while ((this.#blocks[0]?.height ?? Number.POSITIVE_INFINITY) <= height)
      this.#forget(this.#blocks.shift()!);
  }

  #forget({ records }: Block): void {
    this.#count -= records.length;
    for (const record of records) {
      const { shortKey } = record;
      if (this.#byShortId.get(shortKey) === record) this.#byShortId.delete(shortKey);
    }
  }
}
