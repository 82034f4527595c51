import type { PeerId } from "../../protocols/index.ts";
import type { CheckedBlock } from "../chain/types.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";

/** A block further ahead of our clock than this is not kept: one of the clocks is wrong. */
const maxAheadMs = 30_000;
const maxBlocks = 64;

/** Blocks that are ahead of our clock, until their time has come. */
export class EarlyBlocks {
  readonly #options: { clock: Clock; logger: Logger };
  readonly #onTime: (block: CheckedBlock, from: PeerId) => void;
  /** What cancels each. */
  readonly #waiting = new Map<Hex, () => void>();
  #stopped = false;

  constructor(
    options: { clock: Clock; logger: Logger },
    onTime: (block: CheckedBlock, from: PeerId) => void,
  ) {
    this.#options = options;
    this.#onTime = onTime;
  }

  has(id: Hex): boolean {
    return this.#waiting.has(id);
  }

  add(block: CheckedBlock, from: PeerId): void {
    const { clock, logger } = this.#options;
    const { idHex: id, header } = block;
    const aheadMs = header.message.timestamp - clock.now();
    if (aheadMs > maxAheadMs) {
      logger.warn(
        { peer: from, id, aheadMs },
        "a block is far ahead of this node's clock: compare the clocks",
      );
      return;
    }
    if (this.#stopped || this.#waiting.has(id) || this.#waiting.size >= maxBlocks) return;
    const cancel = clock.after(aheadMs, () => {
      this.#waiting.delete(id);
      this.#onTime(block, from);
    });
    this.#waiting.set(id, cancel);
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#waiting.values()) cancel();
  }
}
