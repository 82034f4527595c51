import { maxRoundTimeoutMs, signerLimit } from "../consensus/index.ts";
import { type Header, transactionsRoot } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { Chain } from "./chain.ts";
import type { HeadChange, WeightedHeader } from "./types.ts";

/** A chain that is not final after the longest time-out of a round lacks more than a message. */
const stalledMs = maxRoundTimeoutMs;
/** Each series doubles the wait for the next one, up to a quarter of an hour. */
const maxDoublings = 5;
const noTransactions = transactionsRoot([]);

export interface SignsOfLifeOptions {
  chain: Pick<Chain, "head" | "finalized" | "snapshot" | "events">;
  clock: Clock;
}

/**
 * Tells when a chain that makes no empty blocks, or few, makes some all the same: while its head does not become final.
 * An authority whose data may be old votes only once the others have signed something new (docs/slashing-protection.md,
 * section 3). On a chain that waits for a transaction they would sign nothing, and the chain would wait for its vote.
 *
 * The blocks come in series, in each of which every authority that is there signs a block (`isSeriesOver`). A series
 * ends at a height that is a multiple of twice the number of authorities: nodes that did not see its beginning know its
 * end.
 */
export class SignsOfLife {
  readonly #options: SignsOfLifeOptions;
  readonly #stops: (() => void)[];
  #head: WeightedHeader;
  /** True if the head is a block of a series: it has no transactions, and was made before an empty block was due. */
  #isSign = false;
  /** The time since which finality has made no progress. */
  #stillSinceMs: number;
  /** The number of series since then, and the height of the first block of the last one. */
  #series = 0;
  #seriesFrom = 0;

  constructor(options: SignsOfLifeOptions) {
    this.#options = options;
    const { chain, clock } = options;
    this.#head = chain.head;
    this.#stillSinceMs = clock.now();
    let finalHeight = chain.finalized.height;
    this.#stops = [
      chain.events.on("head", (change) => this.#follow(change)),
      chain.events.on("finality", ({ finalized: { height } }) => {
        if (height > finalHeight) this.#restart();
        finalHeight = height;
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** The time from which a block on the head is due although there is no transaction for it; infinite if there is none. */
  get dueMs(): number {
    const { chain } = this.#options;
    if (equalBytes(chain.head.id, chain.finalized.id)) return Number.POSITIVE_INFINITY;
    const { timestamp } = this.#head.header.message;
    const waitMs = this.#isInSeries ? chain.snapshot.parameters.periodMs : pauseAfterSeriesMs(this.#series);
    return Math.max(this.#stillSinceMs + stalledMs, timestamp + waitMs);
  }

  get #isInSeries(): boolean {
    const { authorities } = this.#options.chain.snapshot;
    const { height } = this.#head;
    if (!this.#isSign) return false;
    return !isSeriesOver(authorities.length, height, height - this.#seriesFrom + 1);
  }

  #follow({ head, applied }: HeadChange): void {
    const { chain } = this.#options;
    const wasInSeries = this.#isInSeries;
    const parent = applied.at(-2) ?? this.#head;
    this.#head = head;
    // After a reorganization to one other block the parent is not at hand. Others continue the series, or begin one.
    this.#isSign = equalBytes(parent.id, head.header.message.parent) && this.#isEarly(parent.header.message);
    if (equalBytes(parent.id, chain.finalized.id)) this.#restart();

    if (!this.#isSign || wasInSeries) return;
    this.#series++;
    this.#seriesFrom = head.height;
  }

  #isEarly(parent: Header): boolean {
    const { emptyBlockPeriodMs } = this.#options.chain.snapshot.parameters;
    const { message } = this.#head.header;
    if (!equalBytes(message.transactionsRoot, noTransactions)) return false;
    return emptyBlockPeriodMs === 0 || message.timestamp < parent.timestamp + emptyBlockPeriodMs;
  }

  #restart(): void {
    this.#stillSinceMs = this.#options.clock.now();
    this.#series = 0;
  }
}

/**
 * True if a series of this length, whose last block has this height, is over. By then each of `n` authorities has had a
 * turn to sign, or has signed: the turns of all follow as many blocks as can bar one because of a block that it signed
 * before the series.
 */
export function isSeriesOver(n: number, height: number, length: number): boolean {
  return height % (2 * n) === 0 && length >= n + signerLimit(n) - 1;
}

/** The time from the head to the next series after so many of them. */
export function pauseAfterSeriesMs(series: number): number {
  return stalledMs * 2 ** Math.min(series, maxDoublings);
}
