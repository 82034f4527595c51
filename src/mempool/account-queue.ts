interface Queued {
  readonly nonce: number;
  readonly cost: bigint;
}

/** The waiting transactions of one sender, by nonce. */
export class AccountQueue<Entry extends Queued> {
  readonly address: Uint8Array;
  /** The number of its transactions that wait for no missing nonce. The pool keeps it. */
  ready = 0;
  readonly #byNonce = new Map<number, Entry>();
  #cost = 0n;
  /** The cost of the transactions with nonces below `#usedBelow`. */
  #used = 0n;
  #usedBelow = 0;
  /** Every nonce from `start` to below `end` waits. */
  readonly #run = { start: 0, end: 0 };

  constructor(address: Uint8Array) {
    this.address = address;
  }

  get size(): number {
    return this.#byNonce.size;
  }

  entries(): Iterable<Entry> {
    return this.#byNonce.values();
  }

  get(nonce: number): Entry | undefined {
    return this.#byNonce.get(nonce);
  }

  set(entry: Entry): void {
    const { nonce } = entry;
    this.remove(nonce);
    this.#byNonce.set(nonce, entry);
    this.#cost += entry.cost;
    if (nonce < this.#usedBelow) this.#used += entry.cost;
  }

  remove(nonce: number): Entry | undefined {
    const entry = this.#byNonce.get(nonce);
    if (!entry) return undefined;
    this.#byNonce.delete(nonce);
    this.#cost -= entry.cost;
    if (nonce < this.#usedBelow) this.#used -= entry.cost;
    if (nonce === this.#run.start) this.#run.start++;
    else if (nonce < this.#run.end) this.#run.end = nonce;
    return entry;
  }

  /** The first nonce from `accountNonce` on that no waiting transaction has. */
  nextNonce(accountNonce: number): number {
    const run = this.#run;
    if (accountNonce < run.start || accountNonce > run.end) run.start = run.end = accountNonce;
    while (this.#byNonce.has(run.end)) run.end++;
    return run.end;
  }

  /**
   * The cost of the transactions that are not in a block. While a change of the head is being made, those that it
   * retracts are here too.
   */
  costFrom(accountNonce: number): bigint {
    if (this.#usedBelow !== accountNonce) {
      this.#usedBelow = accountNonce;
      this.#used = 0n;
      for (const { nonce, cost } of this.#byNonce.values()) if (nonce < accountNonce) this.#used += cost;
    }
    return this.#cost - this.#used;
  }

  /**
   * The first nonce from the account's on that is missing, or that the account's balance, less the cost of the
   * transactions before, does not pay.
   */
  firstUnpaid({ balance, nonce }: { balance: bigint; nonce: number }): number {
    let left = balance;
    for (let next = nonce; ; next++) {
      const entry = this.#byNonce.get(next);
      if (!entry || entry.cost > left) return next;
      left -= entry.cost;
    }
  }
}
