import { toHex } from "../util/bytes.ts";
import type { AccountReader } from "./account-table.ts";
import type { StateChanges, StateEntry } from "./changes.ts";

/** Accounts as they are while a block executes, over a state that stays as it is. */
export class Overlay {
  readonly #base: AccountReader;
  /** Accounts of the base that were looked at, by index. */
  readonly #existing = new Map<number, StateEntry>();
  /** Accounts that the block created, by address, in order of creation. */
  readonly #created = new Map<string, StateEntry>();

  constructor(base: AccountReader) {
    this.#base = base;
  }

  /** The account, to be changed through its `after`; undefined if there is none. */
  get(address: Uint8Array): StateEntry | undefined {
    const index = this.#base.indexOf(address);
    if (index < 0) return this.#created.size === 0 ? undefined : this.#created.get(toHex(address));
    let entry = this.#existing.get(index);
    if (!entry) {
      const balance = this.#base.balance(index);
      const nonce = this.#base.nonce(index);
      entry = { index, address, before: { balance, nonce }, after: { balance, nonce } };
      this.#existing.set(index, entry);
    }
    return entry;
  }

  create(address: Uint8Array, balance: bigint): void {
    const index = this.#base.count + this.#created.size;
    this.#created.set(toHex(address), { index, address, after: { balance, nonce: 0 } });
  }

  /** Entries that ended as they began are left out. */
  changes(): StateChanges {
    const entries: StateEntry[] = [];
    for (const entry of this.#existing.values()) if (hasChanged(entry)) entries.push(entry);
    for (const entry of this.#created.values()) entries.push(entry);
    return { firstNew: this.#base.count, entries };
  }
}

function hasChanged({ before, after }: StateEntry): boolean {
  return before?.balance !== after.balance || before?.nonce !== after.nonce;
}
