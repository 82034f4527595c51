import { RateLimiter } from "../../protocols/index.ts";
import { maxRoundTimeoutMs, signerLimit } from "../consensus/index.ts";
import { transactionsRoot } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import type { Chain } from "./chain.ts";
import type { HeadChange, WeightedHeader } from "./types.ts";

/** A chain that is not final after the longest time-out of a round lacks more than a message. */
const stalledMs = maxRoundTimeoutMs;
/** Each series doubles the wait for the next one, up to a quarter of an hour. */
const maxDoublings = 5;
const noTransactions = transactionsRoot([]);
/** Series that an authority may begin before they are due here: without a bound, one could begin them forever. */
export const seriesBegunSooner = { requests: 8, perMs: 8 * 900_000 };
/** Reorganizations that go further back are rare. */
const keptTimestamps = 64;

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
 * end. Neither transactions nor another block in the place of one end it before, or a faulty authority could end each.
 */
export class SignsOfLife {
  readonly #options: SignsOfLifeOptions;
  readonly #stops: (() => void)[];
  #head: WeightedHeader;
  /** The timestamps of the newest blocks, so that the age of a block's parent is known after a reorganization. */
  readonly #timestamps = new LruMap<Hex, number>(keptTimestamps);
  /** Authorities that have begun series before they were due here. */
  readonly #sooner: RateLimiter;
  /** The height of the first block of the series under way. */
  #from: number | undefined;
  /** The time before which no block is due: the longest time-out after finality has made progress. */
  #stalledFromMs: number;
  /** The number of series since finality has made progress. */
  #series = 0;

  constructor(options: SignsOfLifeOptions) {
    this.#options = options;
    const { chain, clock } = options;
    this.#head = chain.head;
    this.#remember(chain.head);
    this.#sooner = new RateLimiter(clock);
    this.#stalledFromMs = clock.now() + stalledMs;
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

  /** The time from which a block on the head is due although no transaction waits; infinite if there is none. */
  get dueMs(): number {
    const { chain } = this.#options;
    if (equalBytes(chain.head.id, chain.finalized.id)) return Number.POSITIVE_INFINITY;
    const { timestamp } = this.#head.header.message;
    const waitMs =
      this.#from === undefined ? pauseAfterSeriesMs(this.#series) : chain.snapshot.parameters.periodMs;
    return Math.max(this.#stalledFromMs, timestamp + waitMs);
  }

  #follow({ head, applied }: HeadChange): void {
    if (equalBytes(this.#head.id, this.#options.chain.finalized.id)) this.#restart();
    for (const block of applied) {
      this.#take(block);
      this.#head = block;
    }
    this.#head = head;
  }

  #take(block: WeightedHeader): void {
    if (this.#from === undefined && this.#isEarly(block) && this.#mayBegin(block)) {
      this.#series++;
      this.#from = block.height;
    }
    this.#remember(block);
    if (this.#from === undefined) return;
    const { authorities } = this.#options.chain.snapshot;
    const length = block.height - this.#from + 1;
    if (isSeriesOver(authorities.length, block.height, length)) this.#from = undefined;
  }

  /** A node that has started since may be right to begin a series sooner than this one would. */
  #mayBegin({ header }: WeightedHeader): boolean {
    const isDue = this.dueMs <= this.#options.clock.now();
    return isDue || this.#sooner.take(toHex(header.message.proposer), seriesBegunSooner);
  }

  /** True if the block is a new one without transactions that was made before an empty block was due. */
  #isEarly({ header: { message } }: WeightedHeader): boolean {
    const { chain, clock } = this.#options;
    const { emptyBlockPeriodMs } = chain.snapshot.parameters;
    if (!equalBytes(message.transactionsRoot, noTransactions)) return false;
    // Series in downloaded blocks are over.
    if (message.timestamp + stalledMs < clock.now()) return false;
    // A block for a vote: a series from there on could be over before those with old data listen to it.
    if (message.timestamp < this.#stalledFromMs) return false;
    if (emptyBlockPeriodMs === 0) return true;
    const parentMs = this.#timestamps.get(toHex(message.parent));
    return parentMs !== undefined && message.timestamp < parentMs + emptyBlockPeriodMs;
  }

  #remember({ idHex, header }: WeightedHeader): void {
    this.#timestamps.set(idHex, header.message.timestamp);
  }

  #restart(): void {
    this.#stalledFromMs = this.#options.clock.now() + stalledMs;
    this.#series = 0;
    this.#from = undefined;
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
