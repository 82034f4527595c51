export interface PlaceLimits {
  /** Places of one causer. */
  each: number;
  inAll: number;
  /** Places of one address, also if all are taken: ids cost nothing, so that a few addresses can take all others. */
  always: number;
}

/** A causer of work, a peer or an author, and the address that its work is added up for. */
export interface Causer {
  id: string;
  host: string;
}

/**
 * Limits the work of a kind that is under way at once. It is charged to its causer before it is done. There can be more
 * than `inAll` by the places that each address always has; the addresses of connected peers are bounded.
 */
export class Places {
  readonly #limits: () => PlaceLimits;
  /** Places by causer and by address. Those without work under way have no entry. */
  readonly #ofCausers = new Map<string, number>();
  readonly #ofHosts = new Map<string, number>();
  #total = 0;

  constructor(limits: PlaceLimits | (() => PlaceLimits)) {
    this.#limits = typeof limits === "function" ? limits : () => limits;
  }

  /** The number of causers and addresses with work under way. */
  get size(): number {
    return this.#ofCausers.size + this.#ofHosts.size;
  }

  /** Does the work, or returns undefined without beginning it if there is no place for its causer. */
  async run<Result>({ id, host }: Causer, work: () => Promise<Result>): Promise<Result | undefined> {
    if (!this.#hasPlace(id, host)) return undefined;
    this.#count(id, host, 1);
    try {
      return await work();
    } finally {
      this.#count(id, host, -1);
    }
  }

  #hasPlace(id: string, host: string): boolean {
    const { each, inAll, always } = this.#limits();
    if ((this.#ofCausers.get(id) ?? 0) >= each) return false;
    return this.#total < inAll || (this.#ofHosts.get(host) ?? 0) < always;
  }

  #count(id: string, host: string, by: number): void {
    this.#total += by;
    add(this.#ofCausers, id, by);
    add(this.#ofHosts, host, by);
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const left = (counts.get(key) ?? 0) + by;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
