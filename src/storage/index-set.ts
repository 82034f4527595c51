/** A set of small whole numbers, a bit each. */
export class IndexSet {
  #words = new Uint32Array(32);

  add(index: number): void {
    const word = index >>> 5;
    if (word >= this.#words.length) {
      const words = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[word]! |= 1 << (index & 31);
  }

  /** @returns true if it was there. */
  delete(index: number): boolean {
    const bit = 1 << (index & 31);
    const word = this.#words[index >>> 5] ?? 0;
    if ((word & bit) === 0) return false;
    this.#words[index >>> 5] = word & ~bit;
    return true;
  }

  /** The members from `start` to below `end`, ascending. */
  within(start: number, end: number): number[] {
    const found: number[] = [];
    for (let index = start; index < end; index++)
      if (((this.#words[index >>> 5] ?? 0) >>> (index & 31)) & 1) found.push(index);
    return found;
  }
}
