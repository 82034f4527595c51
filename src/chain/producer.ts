import { difficulties, type ProductionTime, productionTime } from "../consensus/index.ts";
import {
  type ChainSnapshot,
  type HeaderVote,
  noVote,
  slotOf,
  slotStartMs,
  type TransactionRecord,
} from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Chain } from "./chain.ts";
import type { BlockSigner, CanonicalBlock } from "./types.ts";

/** After a block could not be made, before the next try. */
const retryMs = 1_000;
/** While another's block is being checked. */
const lookAgainMs = 20;

export interface ProducerOptions {
  chain: Chain;
  signer: BlockSigner;
  clock: Clock;
  logger: Logger;
  /** Transactions that a block can hold now, best first. */
  executable(): Iterable<TransactionRecord>;
  hasExecutable(): boolean;
  /** True while a block on this parent, whose transactions are all here, is being checked. */
  isComing?(parent: Uint8Array): boolean;
  /** A block is made and signed; it is being written still. */
  onSealed(block: CanonicalBlock): void;
  /** The vote of the block at `height`. `snapshot`: after its parent. */
  voteFor?(snapshot: ChainSnapshot, height: number): HeaderVote;
}

interface Plan extends ProductionTime {
  parentId: Uint8Array;
  /** From then on a block without transactions may be made. */
  emptyAtMs: number;
}

/** Makes a block whenever it is this account's turn, or the turn of nobody who is there. */
export class Producer {
  readonly #options: ProducerOptions;
  #enabled = false;
  /** Since when the head stands and this node may produce on it. */
  #since = 0;
  /** When the first transaction came to a chain that waits for one. */
  #wantedSince: number | undefined;
  #cancel: () => void = () => undefined;
  /** The block of a recovery had not come when the next block was planned last. */
  #awaitsRecovery = false;
  readonly #stops: (() => void)[];

  constructor(options: ProducerOptions) {
    this.#options = options;
    const { events } = options.chain;
    this.#stops = [
      events.on("head", () => this.#restart()),
      // A recovery's block becomes final after it has become the head, and changes the set that may go on.
      events.on("finality", () => {
        if (this.#awaitsRecovery) this.#restart();
      }),
    ];
  }

  /** Only a node in step with its peers produces. */
  set enabled(enabled: boolean) {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    this.#restart();
  }

  /** A transaction has come: on a chain without empty blocks it is a reason for one. */
  onTransaction(): void {
    if (this.#enabled && this.#wantedSince === undefined && this.#options.hasExecutable()) {
      this.#wantedSince = this.#options.clock.now();
      this.#schedule();
    }
  }

  stop(): void {
    this.#enabled = false;
    this.#cancel();
    for (const stop of this.#stops) stop();
  }

  #restart(): void {
    this.#since = this.#options.clock.now();
    this.#wantedSince = this.#enabled && this.#options.hasExecutable() ? this.#since : undefined;
    this.#schedule();
  }

  #schedule(): void {
    this.#cancel();
    const time = this.#enabled ? this.#nextTime() : undefined;
    if (!time) return;
    const delayMs = Math.max(0, time.sealAtMs - this.#options.clock.now());
    this.#cancel = this.#options.clock.after(delayMs, () => this.#seal(time));
  }

  #seal(plan: Plan): void {
    const { clock } = this.#options;
    // Timers come early at times, and clocks are set back: others would take the block for one from the future.
    if (clock.now() < plan.sealAtMs) this.#schedule();
    else if (this.#isLate(plan)) this.#cancel = clock.after(lookAgainMs, () => this.#seal(plan));
    else void this.#produce(plan);
  }

  /** True if another's turn would be taken too late: a block is here and only needs to be checked. For a period at most, as it may be wrong. */
  #isLate({ inTurn, parentId, sealAtMs }: Plan): boolean {
    const { chain, clock, isComing } = this.#options;
    if (inTurn || clock.now() >= sealAtMs + chain.snapshot.parameters.periodMs) return false;
    return isComing?.(parentId) ?? false;
  }

  /** When this account may make the next block; `undefined` if it may not, or nothing asks for one. */
  #nextTime(): Plan | undefined {
    const { chain, signer } = this.#options;
    // The set that may go on is not the one after this head.
    this.#awaitsRecovery = chain.awaited !== undefined;
    if (this.#awaitsRecovery) return undefined;
    const { emptyBlockPeriodMs } = chain.snapshot.parameters;
    const parent = chain.head.header.message;
    const emptyAtMs =
      emptyBlockPeriodMs === 0 ? Number.POSITIVE_INFINITY : parent.timestamp + emptyBlockPeriodMs;
    const reasonAtMs = Math.min(emptyAtMs, this.#wantedSince ?? Number.POSITIVE_INFINITY);
    if (reasonAtMs === Number.POSITIVE_INFINITY) return undefined;
    const time = productionTime(chain.snapshot, parent, signer.publicKey, Math.max(this.#since, reasonAtMs));
    return time && { ...this.#moveToFreeSlot(time), emptyAtMs, parentId: chain.head.id };
  }

  /** Takes the next slot if this account has signed in this one, on another branch; the wait in line stays as long. */
  #moveToFreeSlot(time: ProductionTime): ProductionTime {
    const { chain, signer } = this.#options;
    const { slotMs } = chain.genesis.config;
    const slot = slotOf(time.timestampMs, slotMs);
    const freeSlot = signer.freeSlotFrom(slot);
    if (freeSlot === slot) return time;
    const timestampMs = slotStartMs(freeSlot, slotMs);
    return { ...time, timestampMs, sealAtMs: time.sealAtMs + timestampMs - time.timestampMs };
  }

  async #produce({ timestampMs, inTurn, emptyAtMs, parentId }: Plan): Promise<void> {
    const { chain, signer, logger, executable, onSealed, voteFor } = this.#options;
    try {
      const block = await chain.produce({
        signer,
        parentId,
        timestampMs,
        difficulty: inTurn ? difficulties.inTurn : difficulties.outOfTurn,
        allowEmpty: timestampMs >= emptyAtMs,
        vote: voteFor?.(chain.snapshot, chain.head.height + 1) ?? noVote,
        select: executable,
        onSealed,
      });
      if (!block) return this.#isStale(parentId) ? undefined : this.#unwanted();
      const { height, idHex, records } = block;
      logger.info({ height, id: idHex, transactions: records.length, inTurn }, "block produced");
    } catch (error) {
      if (this.#isStale(parentId)) return;
      logger.error({ error: messageOf(error), retryMs }, "no block produced");
      this.#retry();
    }
  }

  /** There is another head, for which a block is planned already, or no more to do. */
  #isStale(parentId: Uint8Array): boolean {
    return !this.#enabled || !equalBytes(parentId, this.#options.chain.head.id);
  }

  #retry(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(retryMs, () => this.#restart());
  }

  /** The reason for a block is gone; there may be another by now. */
  #unwanted(): void {
    this.#wantedSince = undefined;
    if (this.#options.hasExecutable()) this.#retry();
    else this.#schedule();
  }
}
