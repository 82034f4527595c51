import { hashInto } from "@chainsafe/hashtree";
import { AuthoritySnapshot } from "../types/authority.ts";
import type { Account } from "../types/state.ts";
import { type AccountReader, AccountTable, type AccountValue } from "./account-table.ts";
import { AccountTree } from "./account-tree.ts";
import type { StateChanges } from "./changes.ts";
import { PastAccounts } from "./past-accounts.ts";
import { type Undo, undoOf } from "./undo.ts";

/** An account as it is stored: by its index. */
export interface IndexedAccount extends Account {
  index: number;
}

/** What `revertUndo` did: for the caller to persist. */
export interface Reverted {
  /** Accounts that hold again what they held before. */
  restored: IndexedAccount[];
  /** The accounts from here to below `removedTo` are gone. */
  removedFrom: number;
  removedTo: number;
}

/** The accounts after one block, with their Merkle tree. Moves from block to block by `apply` and `revert`. */
export class AccountState implements AccountReader {
  readonly #table: AccountTable;
  readonly #tree: AccountTree;

  /** `seed`: 8 random bytes. `capacity`: accounts to make room for. */
  constructor(seed: Uint8Array, capacity = 0) {
    this.#table = new AccountTable(seed, capacity);
    this.#tree = new AccountTree(this.#table);
  }

  /** `accounts` in order of creation. */
  static fromAccounts(accounts: Iterable<Account>, seed: Uint8Array, capacity = 0): AccountState {
    const state = new AccountState(seed, capacity);
    for (const { address, balance, nonce } of accounts) state.#table.append(address, balance, nonce);
    return state;
  }

  /** The same, from a database. */
  static async load(accounts: AsyncIterable<Account>, seed: Uint8Array): Promise<AccountState> {
    const state = new AccountState(seed);
    for await (const { address, balance, nonce } of accounts) state.#table.append(address, balance, nonce);
    return state;
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

  /** @throws {RangeError} if the changes were made for another state. */
  apply(changes: StateChanges): void {
    if (changes.firstNew !== this.count) throw new RangeError(`changes for ${changes.firstNew} accounts`);
    for (const { index, address, before, after } of changes.entries) {
      if (before) this.#set(index, after);
      else if (index === this.count) this.#table.append(address, after.balance, after.nonce);
      else throw new RangeError(`account ${index} created out of order`);
    }
  }

  /** Takes back the last `apply`. */
  revert(changes: StateChanges): void {
    this.revertUndo(undoOf(changes));
  }

  /** As `revert`, from the stored record. */
  revertUndo(undo: Undo): Reverted {
    const removedTo = this.count;
    if (undo.count > removedTo) throw new RangeError(`undo record for ${undo.count} accounts`);
    this.#table.truncate(undo.count);
    this.#tree.truncate(undo.count);
    const restored = undo.entries.map(({ index, balance, nonce }): IndexedAccount => {
      if (index >= undo.count) throw new RangeError(`undo record of account ${index} that is new`);
      this.#set(index, { balance, nonce });
      return { index, address: this.address(index), balance, nonce };
    });
    return { restored, removedFrom: undo.count, removedTo };
  }

  /** `hash_tree_root` of the account list. */
  accountsRoot(): Uint8Array {
    return this.#tree.root();
  }

  /** `hash_tree_root` of `State`: a header's `stateRoot`. */
  stateRoot(snapshot: AuthoritySnapshot): Uint8Array {
    const roots = new Uint8Array(64);
    roots.set(this.#tree.root());
    roots.set(AuthoritySnapshot.hashTreeRoot(snapshot), 32);
    const root = new Uint8Array(32);
    hashInto(roots, root);
    return root;
  }

  /** The Merkle branch from the account at `index` to `accountsRoot`: 33 nodes, lowest first. */
  branch(index: number): Uint8Array[] {
    return this.#tree.branch(index);
  }

  /** The accounts as they were before the newest blocks, by the undo records of these, newest first. */
  before(undos: readonly Undo[]): PastAccounts {
    return new PastAccounts(this.#table, this.#tree, undos);
  }

  #set(index: number, { balance, nonce }: AccountValue): void {
    this.#table.set(index, balance, nonce);
    this.#tree.mark(index);
  }
}
