import type { TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { IncludedAndRetracted } from "./head-follower.ts";
import { shortKey, shortKeyOf } from "./short-key.ts";

/** Two full blocks; more would be much memory while finality waits. */
const maxRecords = 20_000;

interface Block {
  height: number;
  records: readonly TransactionRecord[];
}

/**
 * The transactions of the last blocks, until these are final. A block beside theirs holds most of them too: for that one they are
 * neither fetched nor checked again.
 */
export class IncludedTransactions {
  readonly #byShortId = new Map<string, TransactionRecord>();
  /** Oldest first. */
  readonly #blocks: Block[] = [];
  #count = 0;

  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    return this.#byShortId.get(shortKeyOf(shortId));
  }

  has(idHex: Hex): boolean {
    return this.#byShortId.get(shortKey(idHex))?.idHex === idHex;
  }

  update({ applied, retracted }: IncludedAndRetracted): void {
    const lowest = retracted.at(-1)?.height ?? Number.POSITIVE_INFINITY;
    while ((this.#blocks.at(-1)?.height ?? 0) >= lowest) this.#forget(this.#blocks.pop()!);
    for (const { height, records } of applied) {
      this.#blocks.push({ height, records });
      this.#count += records.length;
      for (const record of records) this.#byShortId.set(shortKey(record.idHex), record);
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
      const key = shortKey(record.idHex);
      if (this.#byShortId.get(key) === record) this.#byShortId.delete(key);
    }
  }
}
