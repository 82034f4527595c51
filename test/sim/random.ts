/** A seeded source of randomness (sfc32): one seed, one sequence, on every machine. */
export class Random {
  readonly #name: string;
  readonly #state: Uint32Array;

  constructor(seed: number | string) {
    this.#name = String(seed);
    this.#state = new Uint32Array(4);
    let hash = 0x811c9dc5;
    for (let index = 0; index < 4; index++) {
      for (const character of `${this.#name}/${index}`)
        hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
      this.#state[index] = hash;
    }
    for (let round = 0; round < 16; round++) this.#word();
  }

  /** Makes a separate source for one purpose, so that an additional draw does not change others. */
  fork(purpose: string): Random {
    return new Random(`${this.#name}/${purpose}`);
  }

  /** Returns a number from 0 to below 1. */
  next(): number {
    return this.#word() / 2 ** 32;
  }

  /** Returns an integer from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Returns an integer from `least` to `most`. */
  int(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Returns a real number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** Returns an item with a probability by its weight. */
  weighted<Item>(items: readonly (readonly [weight: number, item: Item])[]): Item {
    let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of items) {
      left -= weight;
      if (left < 0) return item;
    }
    return items.at(-1)![1];
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    const out = [...items];
    for (let at = out.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [out[at], out[other]] = [out[other]!, out[at]!];
    }
    return out;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  #word(): number {
    const state = this.#state;
    const [a, b, c, counter] = state as unknown as [number, number, number, number];
    const out = (a + b + counter) >>> 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + out;
    return out;
  }
}
