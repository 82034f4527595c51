export interface PlaceLimits {
  each: number;
  inAll: number;
}

/**
 * Limits the work of a kind that is under way at once. It is charged to its causer, a peer or an author, before it is
 * done.
 */
export class Places {
  readonly #limits: () => PlaceLimits;
  /** Places by causer. A causer without work under way has no entry. */
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: PlaceLimits | (() => PlaceLimits)) {
    this.#limits = typeof limits === "function" ? limits : () => limits;
  }

  /** The number of causers with work under way. */
  get size(): number {
    return this.#taken.size;
  }

  /** Does the work, or returns undefined without beginning it if its causer or all together have no place left. */
  async run<Result>(causer: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const taken = this.#taken.get(causer) ?? 0;
    const { each, inAll } = this.#limits();
    if (taken >= each || this.#total >= inAll) return undefined;
    this.#taken.set(causer, taken + 1);
    this.#total++;
    try {
      return await work();
    } finally {
      this.#total--;
      const left = this.#taken.get(causer)! - 1;
      if (left > 0) this.#taken.set(causer, left);
      else this.#taken.delete(causer);
    }
  }
}
