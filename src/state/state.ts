import type { ChainSnapshot } from "../types/authority.ts";
import type { GenesisBalance } from "../types/genesis.ts";
import type { Account } from "../types/state.ts";
import type { Pause } from "../util/slices.ts";
import { type AccountReader, AccountTable, type AccountValue } from "./account-table.ts";
import { AccountTree } from "./account-tree.ts";
import { SettledAccounts } from "./settled-accounts.ts";
import { stateRootOf } from "./state-root.ts";

/** The accounts, read-only. */
export interface StateReader extends AccountReader {
  get(address: Uint8Array): AccountValue | undefined;
}

/**
 * The accounts, with their Merkle tree. Blocks change them in place. Until `settle`, all changes can be reverted
 * together, and `settled` shows the accounts without them.
 */
export class AccountState implements StateReader {
  readonly #table: AccountTable;
  readonly #tree: AccountTree;
  readonly #settled: SettledAccounts;

  /** `seed` is 8 random bytes. `capacity` is the number of accounts to make room for. */
  constructor(seed: Uint8Array, capacity = 0) {
    this.#table = new AccountTable(seed, capacity);
    this.#tree = new AccountTree(this.#table);
    this.#settled = new SettledAccounts(this.#table);
  }

  /** `accounts` are in order of creation. */
  static fromAccounts(accounts: Iterable<Account>, seed: Uint8Array, capacity = 0): AccountState {
    const state = new AccountState(seed, capacity);
    for (const { address, balance, nonce } of accounts) state.append(address, balance, nonce);
    state.settle();
    return state;
  }

  /** Creates each account that the coinbase transaction lists. `checkCoinbase` must have accepted it. */
  static fromGenesis(balances: readonly GenesisBalance[], seed: Uint8Array): AccountState {
    const accounts = balances.map((entry) => ({ ...entry, nonce: 0 }));
    return AccountState.fromAccounts(accounts, seed, accounts.length);
  }

  /** The accounts as they were when they were last settled. */
  get settled(): StateReader {
    return this.#settled;
  }

  get count(): number {
    return this.#table.count;
  }

  indexOf(address: Uint8Array): number {
    return this.#table.indexOf(address);
  }

  address(index: number): Uint8Array {
    return this.#table.address(index);
  }

  balance(index: number): bigint {
    return this.#table.balance(index);
  }

  nonce(index: number): number {
    return this.#table.nonce(index);
  }

  account(index: number): Account {
    return { address: this.address(index), ...this.#table.get(index) };
  }

  get(address: Uint8Array): AccountValue | undefined {
    const index = this.#table.indexOf(address);
    return index < 0 ? undefined : this.#table.get(index);
  }

  /** Changes an account that exists. */
  set(index: number, balance: bigint, nonce: number): void {
    this.#settled.beforeSet(index);
    this.#table.set(index, balance, nonce);
    this.#tree.mark(index);
  }

  /** Creates the next account and returns its index. No account may have `address` yet. */
  append(address: Uint8Array, balance: bigint, nonce = 0): number {
    this.#table.append(address, balance, nonce);
    return this.#table.count - 1;
  }

  /** Removes the accounts from index `count` on. */
  truncate(count: number): void {
    this.#settled.beforeTruncate(count);
    this.#table.truncate(count);
    this.#tree.truncate(count);
  }

  /** The indexes of the accounts with new contents since they were last settled: these have to be written. */
  changed(): Uint32Array {
    return this.#settled.changed();
  }

  /** Accepts the changes. */
  settle(): void {
    this.#settled.settle();
  }

  /** Reverts all changes since `settle`. */
  rollback(): void {
    const { keptCount, values, removed } = this.#settled.inverse();
    this.#table.truncate(keptCount);
    this.#tree.truncate(keptCount);
    for (const { index, balance, nonce } of values) {
      this.#table.set(index, balance, nonce);
      this.#tree.mark(index);
    }
    for (const { address, balance, nonce } of removed) this.#table.append(address, balance, nonce);
    this.#settled.settle();
  }

  /** `hash_tree_root` of the account list. */
  accountsRoot(): Uint8Array {
    return this.#tree.root();
  }

  /** `hash_tree_root` of `State`: a header's `stateRoot`. */
  stateRoot(snapshot: ChainSnapshot): Uint8Array {
    return stateRootOf(this.#tree.root(), snapshot);
  }

  /** Does the work of the next `accountsRoot` in slices. The accounts must not change meanwhile. */
  hash(pause: Pause): Promise<void> {
    return this.#tree.update(pause);
  }

  /** The Merkle branch from the account at `index` to `accountsRoot`: 33 nodes, lowest first. */
  branch(index: number): Uint8Array[] {
    return this.#tree.branch(index);
  }
}
