export interface PlaceLimits {
  each: number;
  inAll: number;
}

/** How much work of a kind may be under way at once: it is charged to whoever causes it, a peer or an author, before it is done. */
export class Places {
  readonly #limits: () => PlaceLimits;
  /** By who causes the work; who has none under way is not here. */
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: PlaceLimits | (() => PlaceLimits)) {
    this.#limits = typeof limits === "function" ? limits : () => limits;
  }

  /** How many have work under way. */
  get size(): number {
    return this.#taken.size;
  }

  /** Does the work, or returns undefined, without having begun it, where its causer or all together have no place left. */
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
