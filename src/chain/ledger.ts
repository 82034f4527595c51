import {
  type AccountState,
  type BlockUndo,
  type ExecutedBlock,
  Executor,
  revertBlock,
} from "../state/index.ts";
import { damaged } from "../storage/damaged.ts";
import type { Write } from "../storage/database.ts";
import type { IndexedBlock } from "../storage/indexer.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainParameters, ChainSnapshot } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import { inSlices, type Pause } from "../util/slices.ts";
import type { BlockReader } from "./block-reader.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type { CanonicalBlock, StageTimer, WeightedHeader } from "./types.ts";

/** Transactions that are executed between two pauses: a few ms. */
export const sliceTransactions = 1024;
/** The snapshots after the parent of a block, and after the block. */
export interface Snapshots {
  before: ChainSnapshot;
  after: ChainSnapshot;
}

/** Lists of writes, each of a block at most, that are put together between two pauses. */
const sliceLists = 8;
/** Accounts that are prepared for the disk between two pauses. */
const sliceAccounts = 4096;
/** Pages of accounts that one commit writes: a few ms. */
const pagesAtOnce = 8;

/**
 * The state in memory, moved from block to block. The steps since the last `settle` can be written to disk as one batch
 * or be rolled back. Meanwhile readers get `state.settled`, so that nobody sees a block that is half executed, or
 * executed and not on disk.
 */
export class Ledger {
  readonly state: AccountState;
  readonly #stores: ChainStores;
  readonly #rules: KnownRules;
  readonly #pause: Pause;
  #writes: Write[][] = [];
  /** The blocks that the indexes get after `#writes`. */
  #indexed: IndexedBlock[] = [];

  constructor(state: AccountState, stores: ChainStores, rules: KnownRules, pause: Pause) {
    this.state = state;
    this.#stores = stores;
    this.#rules = rules;
    this.#pause = pause;
  }

  /** Executes a block on the state of its parent. Call `rollback` after an error. @throws {BlockError} */
  async apply(block: CanonicalBlock, { before, after }: Snapshots, stageEnded: StageTimer): Promise<void> {
    const { proposer, stateRoot } = block.header.message;
    const step = this.begin(block.height, proposer, before.parameters);
    await inSlices(block.records.length, sliceTransactions, this.#pause, (index) =>
      step.executor.execute(block.records[index]!.transaction),
    );
    stageEnded("execute");
    const root = await step.finish(after);
    stageEnded("hash");
    if (!equalBytes(root, stateRoot)) {
      throw new BlockError("WRONG_STATE_ROOT", `${toHex(stateRoot)}, but execution gives ${toHex(root)}`);
    }
    step.index(block);
  }

  /**
   * Executes a block step by step. `finish` returns the state root that its header needs; `index` follows when the
   * header is known.
   */
  begin(height: number, proposer: Uint8Array, parameters: ChainParameters) {
    const accounts = this.state.count;
    let executed: ExecutedBlock | undefined;
    const executor = new Executor(this.state, {
      height,
      proposer,
      parameters: this.#rules.execution(parameters),
    });
    return {
      executor,
      finish: async (snapshot: ChainSnapshot): Promise<Uint8Array> => {
        executed = executor.finish();
        await this.#pause();
        await this.state.hash(this.#pause);
        return this.state.stateRoot(snapshot);
      },
      index: (block: CanonicalBlock): void => {
        const { blocks } = this.#stores;
        if (!executed) throw new Error("the block is not finished");
        const { timestamp } = block.header.message;
        const own = [
          blocks.setCanonical({ ...block, timestamp }),
          blocks.putUndo(block.id, { accounts, income: executed.income }),
          // This entry stays when the block is retracted, because it follows from the block's id.
          blocks.putAccountsRoot(block.id, this.state.accountsRoot()),
        ];
        this.#writes.push(own);
        this.#indexed.push({ ...block, ...executed });
      },
    };
  }

  /** Reverts the newest block. `undo` is its undo record. */
  async retract(block: CanonicalBlock, undo: BlockUndo): Promise<void> {
    const { blocks, places, histories } = this.#stores;
    const { height, records, header } = block;
    const transactions = records.map(({ transaction }) => transaction);
    const proposer = this.state.indexOf(header.message.proposer);
    const parties = transactions.flatMap(({ message: { from, to } }) => [
      this.state.indexOf(from),
      this.state.indexOf(to),
    ]);
    await this.#pause();
    this.#revert(block, undo);
    await this.#pause();
    const own = [blocks.clearCanonical(height), blocks.deleteUndo(block.id)];
    const entries = histories.clear({ height, parties, proposer, income: undo.income });
    this.#writes.push(own, places.clear(block), entries);
  }

  /**
   * Passes to `look` the accounts as they were before the newest blocks, newest first. Nothing else may be under way.
   */
  async lookBack<T>(
    blocks: readonly WeightedHeader[],
    reader: Pick<BlockReader, "canonicalBlock" | "undo">,
    look: (accounts: AccountState) => T,
  ): Promise<T> {
    try {
      for (const head of blocks) {
        const block = await reader.canonicalBlock(head);
        this.#revert(block, await reader.undo(head.id));
        await this.#pause();
      }
      await this.state.hash(this.#pause);
      return look(this.state);
    } finally {
      this.state.rollback();
    }
  }

  /** Compares the state in memory with the root in a block that it went back to. @throws {CodedError} `DAMAGED` */
  async requireStateOf({ height, header }: WeightedHeader, snapshot: ChainSnapshot): Promise<void> {
    await this.state.hash(this.#pause);
    if (!equalBytes(this.state.stateRoot(snapshot), header.message.stateRoot))
      damaged(`without the blocks after block ${height}, the accounts are not those of that block`);
  }

  /**
   * The writes that bring the disk up to the state in memory. `indexLater`: a single block was applied, and the indexes
   * may follow after it.
   */
  async pendingWrites({ indexLater = false } = {}): Promise<Write[]> {
    const { accounts, indexer } = this.#stores;
    const { state } = this;
    // Entries of the block that waits may be among those that are deleted now.
    await indexer.finish();
    const changed = state.changed();
    const writes: Write[] = [];
    const add = (list: readonly Write[]) => {
      for (const write of list) writes.push(write);
    };
    await inSlices(this.#writes.length, sliceLists, this.#pause, (at) => add(this.#writes[at]!));
    for (const [at, block] of this.#indexed.entries()) {
      if (at > 0) await this.#pause();
      add(indexLater ? indexer.prepare(block) : indexer.entries(block));
    }
    for (let from = 0; from < changed.length; from += sliceAccounts) {
      await this.#pause();
      add(accounts.putAll(changed.subarray(from, from + sliceAccounts), state));
    }
    if (state.count < state.settled.count) add(accounts.truncate(state.settled.count, state));
    return writes;
  }

  /** The changed accounts as pages, for `writePages`. */
  pages(): Iterator<Write[], void> {
    return this.#stores.accounts.fold(this.state);
  }

  /** Writes the next pages of accounts; returns false if there were none. Nothing may be pending. */
  async writePages(pages: Iterator<Write[], void>): Promise<boolean> {
    const writes: Write[] = [];
    for (let count = 0; count < pagesAtOnce; count++) writes.push(...(pages.next().value ?? []));
    await this.#stores.database.commit(writes);
    return writes.length > 0;
  }

  /** The pending writes are on disk. */
  settle(): void {
    this.state.settle();
    this.#stores.indexer.settle();
    this.#writes = [];
    this.#indexed = [];
  }

  rollback(): void {
    this.state.rollback();
    this.#stores.indexer.rollback();
    this.#writes = [];
    this.#indexed = [];
  }

  #revert(block: CanonicalBlock, undo: BlockUndo): void {
    const transactions = block.records.map(({ transaction }) => transaction);
    const { proposer } = block.header.message;
    revertBlock(this.state, { transactions, proposer }, undo);
  }
}
