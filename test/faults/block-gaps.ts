/** Times from the first sight of a height to that of the next. */
export class BlockGaps {
  readonly #periodMs: number;
  readonly #seenAt = new Map<number, number>();

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** `heardAt`: by `performance.now()`. */
  onBlock(height: number, heardAt: number): void {
    this.#seenAt.set(height, Math.min(heardAt, this.#seenAt.get(height) ?? heardAt));
  }

  text(): string {
    const gaps: number[] = [];
    for (const [height, at] of this.#seenAt) {
      const before = this.#seenAt.get(height - 1);
      if (before !== undefined) gaps.push((at - before) / this.#periodMs);
    }
    gaps.sort((a, b) => a - b);
    const share = (of: number) => gaps[Math.min(gaps.length - 1, Math.floor(of * gaps.length))]?.toFixed(2);
    const long = gaps.filter((gap) => gap > 3).length;
    return `gaps in periods of ${this.#periodMs} ms: median ${share(0.5)}, 99 % ${share(0.99)}, longest ${share(1)}, ${long} of ${gaps.length} above 3`;
  }
}
