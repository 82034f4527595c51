import type { Hex } from "../util/bytes.ts";

/**
 * Ids by number, of the highest numbers that were added: whoever adds at more numbers than are remembered does not begin anew at the
 * lowest, as it would where the oldest give way.
 */
export class HighestIds {
  readonly #ids = new Map<number, Set<Hex>>();
  readonly #capacity: number;
  #highest = Number.NEGATIVE_INFINITY;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** -Infinity where none was added. */
  get highest(): number {
    return this.#highest;
  }

  /** Undefined for a number below all those that are remembered, where no more are. */
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
