import type { Hex } from "../util/bytes.ts";

/**
 * Ids by number, of which only those with the highest numbers are kept. If the oldest gave way instead, whoever adds
 * more numbers than are kept could begin again at the lowest.
 */
export class HighestIds {
  readonly #ids = new Map<number, Set<Hex>>();
  readonly #capacity: number;
  #highest = Number.NEGATIVE_INFINITY;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** -Infinity if none was added. */
  get highest(): number {
    return this.#highest;
  }

  /** Undefined for a number below the remembered ones, once no more numbers are remembered. */
  at(number: number): ReadonlySet<Hex> | undefined {
    const known = this.#ids.get(number);
    if (known) return known;
    return this.#ids.size < this.#capacity || number > Math.min(...this.#ids.keys()) ? new Set() : undefined;
  }

  add(number: number, id: Hex): void {
    this.#ids.set(number, (this.#ids.get(number) ?? new Set()).add(id));
    this.#highest = Math.max(this.#highest, number);
    if (this.#ids.size > this.#capacity) this.#ids.delete(Math.min(...this.#ids.keys()));
  }
}
