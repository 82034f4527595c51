import type { TransactionRecord } from "../types/index.ts";

/** More than a block of 10,000 and its rival. Two generations of this many ids take some 4 MB. */
const maxInGeneration = 16_384;

/**
 * Transactions whose signatures were found right lately, by their ids, which commit to the signatures. They are not
 * checked again while they are neither in the mempool nor in a block of the chain: while their block waits for its
 * import, or lies on a side branch, and when a message brings what a block has brought.
 */
export class CheckedLately {
  #newer = new Set<string>();
  #older = new Set<string>();

  has({ idHex }: TransactionRecord): boolean {
    return this.#newer.has(idHex) || this.#older.has(idHex);
  }

  add({ idHex }: TransactionRecord): void {
    if (this.#newer.size === maxInGeneration) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(idHex);
  }
}
