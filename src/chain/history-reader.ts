import type { AccountEntry } from "../storage/account-entries.ts";
import type { BlockStore, TimedBlock } from "../storage/blocks.ts";
import type { HistoryRange, HistoryStore } from "../storage/histories.ts";
import { computeDomain, encodedRecords, type TransactionRecord } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Genesis } from "./genesis.ts";
import type { WeightedHeader } from "./types.ts";

/** A transaction in an account's history. */
export interface HistoryRow {
  entry: AccountEntry;
  record: TransactionRecord;
  block: TimedBlock & { idHex: string };
}

/** Reads what the canonical chain did to accounts, at a cost that the size of its blocks does not change. */
export class HistoryReader {
  readonly #blocks: BlockStore;
  readonly #histories: HistoryStore;
  readonly #domain: Uint8Array;
  readonly #head: () => WeightedHeader;

  constructor(
    { blocks, histories }: { blocks: BlockStore; histories: HistoryStore },
    genesis: Genesis,
    head: () => WeightedHeader,
  ) {
    this.#blocks = blocks;
    this.#histories = histories;
    this.#domain = computeDomain("transaction", genesis.id);
    this.#head = head;
  }

  /** Yields the effects of transactions on the account at an index, some of one block at a time. */
  entries(
    account: number,
    range: HistoryRange,
    options: { newestFirst: boolean; limit?: number },
  ): AsyncIterable<AccountEntry[]> {
    return this.#histories.entries(account, range, options);
  }

  /**
   * The transactions of entries, without those that a reorganization has retracted since. Another transaction may be in
   * their place by now.
   */
  async rows(entries: readonly AccountEntry[]): Promise<HistoryRow[]> {
    const heights = [...new Set(entries.map(({ height }) => height))];
    const blocks = await this.#blocks.canonicalTimes(heights);
    const byHeight = new Map(blocks.flatMap((block) => (block ? [[block.height, block]] : [])));
    const placed = entries.flatMap((entry) => {
      const block = byHeight.get(entry.height);
      return block ? [{ entry, block, id: block.id, index: entry.index }] : [];
    });
    const encoded = await this.#blocks.encodedTransactions(placed);
    const found = placed.flatMap((place, at) => (encoded[at] ? [{ ...place, bytes: encoded[at] }] : []));
    const records = encodedRecords(
      found.map(({ bytes }) => bytes),
      this.#domain,
    );
    return found.map(({ entry, block }, at) => ({
      entry,
      record: records[at]!,
      block: { ...block, idHex: toHex(block.id) },
    }));
  }

  /** The balance of the account at an index after the block at a height; undefined if no block has ever changed it. */
  balanceAt(account: number, height: number): Promise<bigint | undefined> {
    return this.#histories.balanceAt(account, height);
  }

  /** The block at a height of the canonical chain. */
  async block(height: number): Promise<TimedBlock | undefined> {
    return height > this.#head().height ? undefined : (await this.#blocks.canonicalTimes([height]))[0];
  }

  /** The height of the last block that is not later than a time, in milliseconds since the Unix epoch; -1 for none. */
  async heightAt(timeMs: number): Promise<number> {
    let low = -1;
    let high = this.#head().height;
    while (low < high) {
      const middle = Math.floor((low + high + 1) / 2);
      const block = await this.block(middle);
      if (block && block.timestamp <= timeMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
