import type { Account } from "../types/state.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { AccountReader, AccountTable, AccountValue } from "./account-table.ts";

const minEntries = 1024;

/**
 * The settled values of a table's accounts that have changed since. They are used to revert the changes, to write them
 * to disk, and to read the old state while it can still be restored. It takes 4 bytes per account, and flat arrays for
 * what changed.
 */
export class SettledAccounts implements AccountReader {
  readonly #table: AccountTable;
  #settledCount = 0;
  /** The lowest account count since then: accounts from here on are new, or were removed. */
  #keptCount = 0;
  /** For each account below `#keptCount`: 1 + its place in the arrays below, 0 if it is unchanged. */
  #places = new Uint32Array(0);
  #length = 0;
  #indexes = new Uint32Array(minEntries);
  #balances = new BigUint64Array(minEntries);
  #nonces = new Float64Array(minEntries);
  /** Removed accounts by index, from `#keptCount` to below `#settledCount`. */
  readonly #removed = new Map<number, Account>();
  readonly #removedIndexes = new Map<Hex, number>();

  constructor(table: AccountTable) {
    this.#table = table;
  }

  /** Accepts all changes: nothing can be reverted any more. */
  settle(): void {
    for (let place = 0; place < this.#length; place++) this.#places[this.#indexes[place]!] = 0;
    this.#length = 0;
    this.#removed.clear();
    this.#removedIndexes.clear();
    this.#settledCount = this.#keptCount = this.#table.count;
    if (this.#places.length < this.#settledCount) {
      this.#places = new Uint32Array(Math.ceil(this.#settledCount * 1.25));
    }
  }

  /** Must be called before an account changes. */
  beforeSet(index: number): void {
    if (index >= this.#keptCount || this.#places[index] !== 0) return;
    if (this.#length === this.#indexes.length) this.#grow();
    this.#indexes[this.#length] = index;
    this.#balances[this.#length] = this.#table.balance(index);
    this.#nonces[this.#length] = this.#table.nonce(index);
    this.#places[index] = ++this.#length;
  }

  /** Must be called before the accounts from `count` on are removed. */
  beforeTruncate(count: number): void {
    for (let index = count; index < this.#keptCount; index++) {
      const address = this.#table.address(index);
      this.#removed.set(index, { address, balance: this.balance(index), nonce: this.nonce(index) });
      this.#removedIndexes.set(toHex(address), index);
    }
    this.#keptCount = Math.min(this.#keptCount, count);
  }

  /** The indexes of the accounts with new contents. */
  changed(): Uint32Array {
    const { count } = this.#table;
    const kept = this.#indexes.subarray(0, this.#length).filter((index) => index < this.#keptCount);
    const changed = new Uint32Array(kept.length + count - this.#keptCount);
    changed.set(kept);
    for (let at = kept.length, index = this.#keptCount; index < count; ) changed[at++] = index++;
    return changed;
  }

  /** The inverse change: the accounts to keep, the earlier values of those that changed, and the accounts to append. */
  inverse(): { keptCount: number; values: (AccountValue & { index: number })[]; removed: Account[] } {
    const values = [];
    for (let place = 0; place < this.#length; place++) {
      const index = this.#indexes[place]!;
      if (index >= this.#keptCount) continue;
      values.push({ index, balance: this.#balances[place]!, nonce: this.#nonces[place]! });
    }
    const removed = [];
    for (let index = this.#keptCount; index < this.#settledCount; index++)
      removed.push(this.#removed.get(index)!);
    return { keptCount: this.#keptCount, values, removed };
  }

  get count(): number {
    return this.#settledCount;
  }

  indexOf(address: Uint8Array): number {
    const index = this.#table.indexOf(address);
    if (index < this.#keptCount && index >= 0) return index;
    return this.#removed.size === 0 ? -1 : (this.#removedIndexes.get(toHex(address)) ?? -1);
  }

  address(index: number): Uint8Array {
    return index < this.#keptCount ? this.#table.address(index) : this.#removed.get(index)!.address.slice();
  }

  balance(index: number): bigint {
    if (index >= this.#keptCount) return this.#removed.get(index)!.balance;
    const place = this.#places[index]!;
    return place === 0 ? this.#table.balance(index) : this.#balances[place - 1]!;
  }

  nonce(index: number): number {
    if (index >= this.#keptCount) return this.#removed.get(index)!.nonce;
    const place = this.#places[index]!;
    return place === 0 ? this.#table.nonce(index) : this.#nonces[place - 1]!;
  }

  get(address: Uint8Array): AccountValue | undefined {
    const index = this.indexOf(address);
    return index < 0 ? undefined : { balance: this.balance(index), nonce: this.nonce(index) };
  }

  #grow(): void {
    const length = this.#length * 2;
    const indexes = new Uint32Array(length);
    indexes.set(this.#indexes);
    this.#indexes = indexes;
    const balances = new BigUint64Array(length);
    balances.set(this.#balances);
    this.#balances = balances;
    const nonces = new Float64Array(length);
    nonces.set(this.#nonces);
    this.#nonces = nonces;
  }
}
