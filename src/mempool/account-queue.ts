import type { PoolEntry } from "./types.ts";

/** The waiting transactions of one sender, by nonce. */
export class AccountQueue {
  readonly address: Uint8Array;
  readonly #byNonce = new Map<number, PoolEntry>();
  #cost = 0n;
  #last = -1;

  constructor(address: Uint8Array) {
    this.address = address;
  }

  get size(): number {
    return this.#byNonce.size;
  }

  /** Amounts and fees of all. */
  get cost(): bigint {
    return this.#cost;
  }

  entries(): Iterable<PoolEntry> {
    return this.#byNonce.values();
  }

  get(nonce: number): PoolEntry | undefined {
    return this.#byNonce.get(nonce);
  }

  /** The entry with the highest nonce: the only one that can go without stranding others. */
  last(): PoolEntry | undefined {
    return this.#byNonce.get(this.#last);
  }

  set(entry: PoolEntry): void {
    const { nonce } = entry.record.transaction.message;
    this.remove(nonce);
    this.#byNonce.set(nonce, entry);
    this.#cost += costOf(entry);
    this.#last = Math.max(this.#last, nonce);
  }

  remove(nonce: number): PoolEntry | undefined {
    const entry = this.#byNonce.get(nonce);
    if (!entry) return undefined;
    this.#byNonce.delete(nonce);
    this.#cost -= costOf(entry);
    if (nonce === this.#last) this.#last = this.#byNonce.size === 0 ? -1 : this.#highestBelow(nonce);
    return entry;
  }

  /** The first nonce from `accountNonce` that no waiting transaction has. */
  nextNonce(accountNonce: number): number {
    // Where all are in sequence, as they mostly are, nothing has to be searched.
    if (this.#byNonce.size > 0 && this.#last - accountNonce + 1 === this.#byNonce.size) return this.#last + 1;
    let nonce = accountNonce;
    while (this.#byNonce.has(nonce)) nonce++;
    return nonce;
  }

  #highestBelow(nonce: number): number {
    if (this.#byNonce.has(nonce - 1)) return nonce - 1;
    let highest = -1;
    for (const other of this.#byNonce.keys()) highest = Math.max(highest, other);
    return highest;
  }
}

export function costOf({ record }: Pick<PoolEntry, "record">): bigint {
  const { amount, fee } = record.transaction.message;
  return amount + fee;
}
