import { followEvents } from "../e2e/harness/events.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { patience } from "../e2e/harness/until.ts";

/** Longest gap between blocks while one of four authorities makes none. */
const maxPeriods = 3;

const firstHeight = 20;

/** Measures the times from the first head that any node has at a height to the first at the next height. */
export class BlockGaps {
  readonly #periodMs: number;
  readonly #seenAt = new Map<number, number>();

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** Follows a node after its first blocks, which take longer because the code is compiled then. */
  async follow(node: TestNode): Promise<void> {
    await node.height(firstHeight);
    await followEvents(node, "?types=block", ({ data }) => {
      const { height } = data as { height: number };
      if (!this.#seenAt.has(height)) this.#seenAt.set(height, performance.now());
    });
  }

  /** @throws if a gap was too long */
  text(): string {
    const gaps: number[] = [];
    for (const [height, at] of this.#seenAt) {
      const before = this.#seenAt.get(height - 1);
      if (before !== undefined) gaps.push((at - before) / this.#periodMs);
    }
    gaps.sort((a, b) => a - b);
    const share = (of: number) => gaps[Math.min(gaps.length - 1, Math.floor(of * gaps.length))]?.toFixed(2);
    const periods = `gaps in periods of ${this.#periodMs} ms: median ${share(0.5)}, 99 % ${share(0.99)}, longest ${share(1)}, of ${gaps.length}`;
    if (gaps.at(-1)! > maxPeriods * patience.factor) throw new Error(`too long without a block: ${periods}`);
    return periods;
  }
}
