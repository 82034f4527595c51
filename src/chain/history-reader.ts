import type { AccountEntry } from "../storage/account-entries.ts";
import type { BlockStore, TimedBlock } from "../storage/blocks.ts";
import type { HistoryRange, HistoryStore } from "../storage/histories.ts";
import { computeDomain, encodedRecords, type TransactionRecord } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import type { Genesis } from "./genesis.ts";
import type { WeightedHeader } from "./types.ts";

interface RowBlock extends TimedBlock {
  idHex: string;
}

/** A transaction in an account's history. */
export interface HistoryRow {
  entry: AccountEntry;
  record: TransactionRecord;
  block: RowBlock;
}

/** Blocks whose ids and times are kept: a megabyte of them. Each read of the database costs as much as ten rows. */
const keptBlocks = 4_096;

/** Reads what the canonical chain did to accounts, at a cost that the size of its blocks does not change. */
export class HistoryReader {
  readonly #blocks: BlockStore;
  readonly #histories: HistoryStore;
  readonly #domain: Uint8Array;
  readonly #head: () => WeightedHeader;
  /** Blocks of the canonical chain by height. */
  #kept = new LruMap<number, RowBlock>(keptBlocks);
  #reorganizations = 0;

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
    const byHeight = await this.#blocksOf(entries);
    const placed = entries.filter(({ height }) => byHeight.has(height));
    const encoded = await this.#blocks.encodedTransactions(
      placed.map(({ height, index }) => ({ id: byHeight.get(height)!.id, index })),
    );
    const found = placed.filter((_, at) => encoded[at]);
    const records = encodedRecords(
      encoded.filter((bytes) => bytes !== undefined),
      this.#domain,
    );
    return found.map((entry, at) => ({ entry, record: records[at]!, block: byHeight.get(entry.height)! }));
  }

  /** Entries and rows belong together if this has not changed between their reads. */
  get reorganizations(): number {
    return this.#reorganizations;
  }

  /** Forgets the blocks, some of which a reorganization has retracted. */
  forgetBlocks(): void {
    this.#reorganizations++;
    this.#kept = new LruMap(keptBlocks);
  }

  /** The blocks of entries, by height. */
  async #blocksOf(entries: readonly AccountEntry[]): Promise<Map<number, RowBlock>> {
    const found = new Map<number, RowBlock>();
    const missing = new Set<number>();
    // A reorganization replaces this map, so that blocks that were read before it are not kept.
    const kept = this.#kept;
    for (const { height } of entries) {
      const block = found.get(height) ?? kept.get(height);
      if (block) found.set(height, block);
      else missing.add(height);
    }
    if (missing.size === 0) return found;
    for (const block of await this.#blocks.canonicalTimes([...missing])) {
      if (!block) continue;
      const known = { ...block, idHex: toHex(block.id) };
      found.set(block.height, known);
      kept.set(block.height, known);
    }
    return found;
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
