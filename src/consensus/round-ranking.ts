import { minority, quorum } from "./finality.ts";

/** Keeps the rounds of a number of authorities in order, so that each answer takes few steps, however many they are. */
export class RoundRanking {
  readonly #ascending: Float64Array;

  constructor(rounds: readonly number[]) {
    this.#ascending = Float64Array.from(rounds).sort();
  }

  /** The highest round that anybody has reached; 0 if there are no authorities. */
  get highest(): number {
    return this.#ascending.at(-1) ?? 0;
  }

  /** The highest round that more than a third have reached; 0 if there are none. */
  get ofMinority(): number {
    return this.#highest(minority(this.#ascending.length));
  }

  /** The highest round that more than two thirds have reached. */
  get ofQuorum(): number {
    return this.#highest(quorum(this.#ascending.length));
  }

  /** The number of authorities in exactly this round. */
  count(round: number): number {
    return this.#below(round, true) - this.#below(round);
  }

  /** The number of authorities in later rounds. */
  countAbove(round: number): number {
    return this.#ascending.length - this.#below(round, true);
  }

  /** One authority moves from its round to another. */
  move(from: number, to: number): void {
    const all = this.#ascending;
    if (to > from) {
      // The last authority in the round moves, so that the order stays.
      const at = this.#below(from, true) - 1;
      const place = this.#below(to) - 1;
      all.copyWithin(at, at + 1, place + 1);
      all[place] = to;
    } else {
      const at = this.#below(from);
      const place = this.#below(to);
      all.copyWithin(place + 1, place, at);
      all[place] = to;
    }
  }

  #highest(count: number): number {
    return this.#ascending[this.#ascending.length - count] ?? 0;
  }

  /** The number of authorities in a lower round, or with `orIn` also in this one. */
  #below(round: number, orIn = false): number {
    let low = 0;
    let high = this.#ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#ascending[middle]!;
      if (other < round || (orIn && other === round)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
