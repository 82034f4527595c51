import {
  type AccountState,
  type Executor,
  executeBlock,
  type StateChanges,
  Undo,
  undoOf,
} from "../state/index.ts";
import type { Write } from "../storage/database.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import type { AuthoritySnapshot, TransactionRecord } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import type { ChainStores } from "./stores.ts";
import type { CanonicalBlock } from "./types.ts";

/**
 * The state in memory, moved from block to block. The steps since the last `settle` can be written to disk as one batch
 * or be rolled back. Steps are synchronous, so that nobody sees a block half executed.
 */
export class Ledger {
  readonly state: AccountState;
  readonly #config: ChainConfig;
  readonly #stores: ChainStores;
  /** What takes each step back. */
  #inverses: (() => void)[] = [];
  #writes: Write[] = [];
  readonly #touchedAccounts = new Set<number>();

  constructor(state: AccountState, config: ChainConfig, stores: ChainStores) {
    this.state = state;
    this.#config = config;
    this.#stores = stores;
  }

  /** Executes a block on the state of its parent. `snapshot`: after it. After an error the state is as before. @throws {BlockError} */
  apply(block: CanonicalBlock, snapshot: AuthoritySnapshot): void {
    const { proposer, stateRoot } = block.header.message;
    const changes = this.#execute(proposer, block.records);
    this.state.apply(changes);
    const root = this.state.stateRoot(snapshot);
    if (!equalBytes(root, stateRoot)) {
      this.state.revert(changes);
      throw new BlockError("WRONG_STATE_ROOT", `${toHex(stateRoot)}, but execution gives ${toHex(root)}`);
    }
    this.#inverses.push(() => this.state.revert(changes));
    this.#indexApplied(block, changes);
  }

  /** Applies a block in the making, whose header needs the state root; `seal` follows once the header is signed. */
  draft(
    executor: Executor,
    snapshot: AuthoritySnapshot,
  ): { stateRoot: Uint8Array; seal(block: CanonicalBlock): void } {
    const changes = executor.finish();
    this.state.apply(changes);
    this.#inverses.push(() => this.state.revert(changes));
    return { stateRoot: this.state.stateRoot(snapshot), seal: (block) => this.#indexApplied(block, changes) };
  }

  /** Takes back the newest block. `undo`: its stored record. */
  retract(block: CanonicalBlock, undo: Uint8Array): void {
    this.#indexRetracted(block);
    const { restored, removedFrom, removedTo } = this.state.revertUndo(Undo.deserialize(undo));
    for (const { index } of restored) this.#touchedAccounts.add(index);
    for (let index = removedFrom; index < removedTo; index++) this.#touchedAccounts.add(index);
    this.#inverses.push(() => this.state.apply(this.#execute(block.header.message.proposer, block.records)));
  }

  /** What brings the disk up to the state in memory. */
  pendingWrites(): Write[] {
    const { accounts } = this.#stores;
    const accountWrites = [...this.#touchedAccounts].map((index) =>
      index < this.state.count ? accounts.put(index, this.state.account(index)) : accounts.delete(index),
    );
    return [...this.#writes, ...accountWrites];
  }

  /** The pending writes are on disk. */
  settle(): void {
    this.#inverses = [];
    this.#writes = [];
    this.#touchedAccounts.clear();
  }

  rollback(): void {
    for (const inverse of this.#inverses.reverse()) inverse();
    this.settle();
  }

  #execute(proposer: Uint8Array, records: readonly TransactionRecord[]): StateChanges {
    const transactions = records.map(({ transaction }) => transaction);
    return executeBlock(this.state, { transactions, proposer, config: this.#config });
  }

  #indexApplied(block: CanonicalBlock, changes: StateChanges): void {
    const { blocks } = this.#stores;
    for (const { index } of changes.entries) this.#touchedAccounts.add(index);
    this.#writes.push(
      blocks.setCanonical(block),
      blocks.putUndo(block.id, Undo.serialize(undoOf(changes))),
      // Stays when the block is retracted: it follows from the block's id.
      blocks.putAccountsRoot(block.id, this.state.accountsRoot()),
    );
    this.#eachPlace(block, (id, place, accounts) => {
      this.#writes.push(blocks.setTransactionPlace(id, place));
      for (const account of accounts) this.#writes.push(blocks.setHistory(account, place));
    });
  }

  #indexRetracted(block: CanonicalBlock): void {
    const { blocks } = this.#stores;
    this.#writes.push(blocks.clearCanonical(block.height), blocks.deleteUndo(block.id));
    this.#eachPlace(block, (id, place, accounts) => {
      this.#writes.push(blocks.clearTransactionPlace(id));
      for (const account of accounts) this.#writes.push(blocks.clearHistory(account, place));
    });
  }

  /** Account indexes are those of the state that includes the block; a transfer of 0 may have gone to no account. */
  #eachPlace(
    { height, records }: CanonicalBlock,
    visit: (id: Uint8Array, place: { height: number; index: number }, accounts: Set<number>) => void,
  ): void {
    for (const [index, { id, transaction }] of records.entries()) {
      const { from, to } = transaction.message;
      const accounts = new Set(
        [from, to].map((address) => this.state.indexOf(address)).filter((account) => account >= 0),
      );
      visit(id, { height, index }, accounts);
    }
  }
}
