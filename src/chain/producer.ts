import { difficulties, type ProductionTime, productionTime } from "../consensus/index.ts";
import { maxAuthorities, slotOf, slotStartMs } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { equalBytes, type Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import { AnsweredVotes } from "./answered-votes.ts";
import type { BlockPlan } from "./build-block.ts";
import type { Chain } from "./chain.ts";
import type { Proposals } from "./proposals.ts";
import { SignsOfLife } from "./signs-of-life.ts";
import type { BlockSigner } from "./types.ts";

/** The delay before the next attempt after a block could not be made. */
const retryMs = 1_000;
/** The polling interval while another authority's block is on its way. */
const lookAgainMs = 20;
/**
 * The time for which no block of an authority is awaited after one was awaited in vain: an authority that announces
 * blocks and withholds their transactions delays a block of each of the others once in this time.
 */
export const distrustMs = 60_000;

/** The transactions that a block can include now. */
interface ExecutableTransactions {
  /** The best come first. */
  executable: BlockPlan["select"];
  readonly hasExecutable: boolean;
}

export interface ProducerOptions {
  chain: Pick<Chain, "genesis" | "head" | "finalized" | "awaited" | "snapshot" | "events" | "produce">;
  signer: BlockSigner;
  clock: Clock;
  logger: Logger;
  transactions: ExecutableTransactions;
  /** The votes that this account's blocks cast. */
  proposals: Pick<Proposals, "voteFor" | "wantsBlock">;
  /** The proposers of blocks on the head that are announced, and are being fetched or checked. */
  coming(): readonly Hex[];
  /** The time in ms since a block was announced that is just being imported; 0 for any other. */
  ageMs(block: Hex): number;
}

interface Plan extends ProductionTime {
  parentId: Uint8Array;
  /** The time from which a block without transactions may be made. */
  emptyAtMs: number;
  /** The proposers of the blocks that this one waits for. */
  awaited: readonly Hex[];
}

/** Makes a block whenever it is this account's turn, or when those before it in line have not made one. */
export class Producer {
  readonly #options: ProducerOptions;
  #enabled = false;
  /** The time since which the head has stood and this node may produce on it. */
  #since = 0;
  /** The time that the head took from its announcement until it was the head, a period at most. */
  #tookMs = 0;
  /** The time at which the first transaction arrived on a chain that waits for one. */
  #wantedSince: number | undefined;
  /** The time since which this account has had a vote for the next block. */
  #voteSince: number | undefined;
  #cancel: () => void = () => undefined;
  /** The block of a recovery had not arrived when the next block was last planned. */
  #awaitsRecovery = false;
  /** The next block is planned because the head is not final; once it is, there is no reason for one. */
  #awaitsFinality = false;
  /** Authorities with the times up to which no block of theirs is awaited. */
  readonly #distrusted = new LruMap<Hex, number>(maxAuthorities);
  readonly #signsOfLife: SignsOfLife;
  readonly #answeredVotes: AnsweredVotes;
  readonly #stops: (() => void)[];

  constructor(options: ProducerOptions) {
    this.#options = options;
    const { events } = options.chain;
    this.#signsOfLife = new SignsOfLife(options);
    this.#answeredVotes = new AnsweredVotes(options);
    this.#stops = [
      () => this.#signsOfLife.stop(),
      () => this.#answeredVotes.stop(),
      events.on("head", () => this.#restart()),
      // A recovery's block becomes final after it has become the head, and changes the set that may continue.
      events.on("finality", () => {
        if (this.#awaitsRecovery) this.#restart();
        else if (this.#awaitsFinality) this.#schedule();
      }),
    ];
  }

  /** Only a node in step with its peers produces. */
  set enabled(enabled: boolean) {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    this.#restart();
  }

  /** A transaction has arrived: on a chain without empty blocks it is a reason for one. */
  onTransaction(): void {
    if (this.#enabled && this.#wantedSince === undefined && this.#options.transactions.hasExecutable) {
      this.#wantedSince = this.#options.clock.now();
      this.#schedule();
    }
  }

  /** The vote of the next block may have changed: on a chain without empty blocks it is a reason for one. */
  onProposals(): void {
    const wants = this.#enabled && this.#wantsVote;
    if (wants === (this.#voteSince !== undefined)) return;
    this.#voteSince = wants ? this.#options.clock.now() : undefined;
    this.#schedule();
  }

  stop(): void {
    this.#enabled = false;
    this.#cancel();
    for (const stop of this.#stops) stop();
  }

  #restart(): void {
    const { chain, clock, ageMs } = this.#options;
    this.#since = clock.now();
    this.#tookMs = Math.min(Math.max(ageMs(chain.head.idHex), 0), chain.snapshot.parameters.periodMs);
    this.#wantedSince = this.#enabled && this.#options.transactions.hasExecutable ? this.#since : undefined;
    this.#voteSince = this.#enabled && this.#wantsVote ? this.#since : undefined;
    this.#schedule();
  }

  get #wantsVote(): boolean {
    const { chain, proposals, signer } = this.#options;
    return proposals.wantsBlock(chain.snapshot, chain.head.height + 1, signer.publicKey);
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
    // Timers sometimes fire early, and clocks are set back: others would take the block for one from the future.
    const isEarly = clock.now() < plan.sealAtMs;
    const awaited = isEarly ? [] : this.#toAwait(plan);
    if (isEarly) this.#schedule();
    else if (awaited.length > 0) {
      const next = { ...plan, awaited: [...new Set([...plan.awaited, ...awaited])] };
      this.#cancel = clock.after(lookAgainMs, () => this.#seal(next));
    } else {
      for (const proposer of plan.awaited) this.#distrusted.set(proposer, clock.now() + distrustMs);
      inBackground(this.#produce(plan));
    }
  }

  /**
   * The proposers whose blocks are on their way, so that another out of turn would only be their rival. They are
   * awaited for a period at most, because such a block may never be complete, or be wrong.
   */
  #toAwait({ inTurn, sealAtMs }: Plan): readonly Hex[] {
    const { chain, clock, coming } = this.#options;
    const nowMs = clock.now();
    if (inTurn || nowMs >= sealAtMs + chain.snapshot.parameters.periodMs) return [];
    return coming().filter((proposer) => nowMs >= (this.#distrusted.get(proposer) ?? 0));
  }

  /**
   * The time at which this account may make the next block; `undefined` if it may not, or there is no reason for one.
   */
  #nextTime(): Plan | undefined {
    const { chain, signer } = this.#options;
    // The set that may continue is not the one after this head.
    this.#awaitsRecovery = chain.awaited !== undefined;
    if (this.#awaitsRecovery) return undefined;
    const { emptyBlockPeriodMs } = chain.snapshot.parameters;
    const parent = chain.head.header.message;
    const signAtMs = this.#signsOfLife.dueMs;
    const emptyPeriodMs = emptyBlockPeriodMs === 0 ? Number.POSITIVE_INFINITY : emptyBlockPeriodMs;
    const emptyAtMs = Math.min(
      parent.timestamp + emptyPeriodMs,
      signAtMs,
      this.#answeredVotes.dueMs(parent),
      this.#voteSince ?? Number.POSITIVE_INFINITY,
    );
    const reasonAtMs = Math.min(emptyAtMs, this.#wantedSince ?? Number.POSITIVE_INFINITY);
    if (reasonAtMs === Number.POSITIVE_INFINITY) return undefined;
    this.#awaitsFinality = reasonAtMs === signAtMs;
    const time = productionTime(chain.snapshot, parent, signer.publicKey, Math.max(this.#since, reasonAtMs));
    return (
      time && {
        ...this.#moveToFreeSlot(this.#waitForSlower(time)),
        emptyAtMs,
        parentId: chain.head.id,
        awaited: [],
      }
    );
  }

  /**
   * A head that took long to come to this node takes long elsewhere too: those before this account in line may have it
   * as much later. Whoever is first waits for nobody.
   */
  #waitForSlower(time: ProductionTime): ProductionTime {
    const waitMs = time.sealAtMs - time.timestampMs;
    if (waitMs === 0) return time;
    return { ...time, sealAtMs: Math.max(time.sealAtMs, this.#since + this.#tookMs + waitMs) };
  }

  /**
   * Takes the next slot if this account has signed in this one, on another branch; the wait in line keeps its length.
   */
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
    const { chain, signer, logger, transactions, proposals } = this.#options;
    try {
      const block = await chain.produce({
        signer,
        parentId,
        timestampMs,
        difficulty: inTurn ? difficulties.inTurn : difficulties.outOfTurn,
        allowEmpty: timestampMs >= emptyAtMs,
        vote: proposals.voteFor(chain.snapshot, chain.head.height + 1, signer.publicKey),
        select: () => transactions.executable(),
      });
      if (!block) return this.#isStale(parentId) ? undefined : this.#unwanted();
      const { height, idHex, records } = block;
      logger.info({ height, id: idHex, transactions: records.length, inTurn }, "block produced");
    } catch (error) {
      if (this.#isStale(parentId)) return;
      logger.error({ error: messageOf(error), retryMs }, "could not produce a block; trying again");
      this.#retry();
    }
  }

  /** There is another head, for which a block is planned already, or there is nothing more to do. */
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
    if (this.#options.transactions.hasExecutable) this.#retry();
    else this.#schedule();
  }
}
