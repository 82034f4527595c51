import {
  authorityIndex,
  minRoundTimeoutMs,
  quorum,
  RoundTimer,
  restingMs,
  settledRound,
} from "../consensus/index.ts";
import { SigningError } from "../types/errors.ts";
import type { FinalityVote, SignedFinalityVote } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { equalBytes } from "../util/bytes.ts";
import { Emitter } from "../util/emitter.ts";
import { isClosed, messageOf } from "../util/errors.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import { isAncestor } from "./branches.ts";
import { RoundLeader } from "./round-leader.ts";
import { voteSigningRoot } from "./vote-check.ts";
import { voteTarget } from "./vote-target.ts";
import type { VoterOptions } from "./voter-options.ts";

/** The delay before the next attempt after signing was refused. */
const retryMs = 1_000;

/**
 * Casts the votes of one account: decides when, from which source and for which block (docs/consensus.md, section 7).
 */
export class Voter {
  readonly events: Emitter<{ vote: SignedFinalityVote }>;
  readonly #options: VoterOptions;
  readonly #queue = new SerialQueue();
  readonly #stops: (() => void)[];
  #enabled = false;
  #stopped = false;
  #isDue = false;
  #cancelTimer: () => void = () => undefined;
  /** The time since which the head has stood. */
  #headSinceMs: number;
  /** The round of this node's newest vote. */
  readonly #round: RoundTimer;
  readonly #leader: RoundLeader;
  /** The round in which this node was to vote while others had a later source, and the time since when. */
  #behindIn = { round: 0, sinceMs: 0 };
  /** This node's votes that are not counted yet. */
  #counting = 0;

  constructor(options: VoterOptions) {
    this.#options = options;
    this.events = new Emitter(options.logger);
    const { chain, finalizer, clock, signer } = options;
    this.#headSinceMs = clock.now();
    this.#round = new RoundTimer(signer.lastTargetRound);
    this.#leader = new RoundLeader(options);
    this.#stops = [
      chain.events.on("head", () => {
        this.#headSinceMs = clock.now();
        this.#wake();
      }),
      chain.events.on("finality", ({ justified }) => {
        if (justified.round === this.#round.round) this.#round.noteResult(clock.now());
      }),
      finalizer.events.on("changed", () => this.#wake()),
    ];
  }

  /** Only a node in step with its peers votes. */
  set enabled(enabled: boolean) {
    this.#enabled = enabled;
    this.#wake();
  }

  /** The round of this node's newest vote. */
  get round(): number {
    return this.#round.round;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    for (const stop of this.#stops) stop();
  }

  #wake(): void {
    // An evaluation that waits to begin will see everything that arrives until then.
    if (this.#stopped || this.#isDue) return;
    this.#isDue = true;
    this.#queue
      .run(() => {
        this.#isDue = false;
        return this.#evaluate();
      })
      .catch((error) => {
        // Slashing protection logs its own refusals.
        const level = error instanceof SigningError ? "debug" : "error";
        this.#options.logger[level]({ error: messageOf(error) }, "no finality vote");
        this.#sleep(retryMs);
      });
  }

  #sleep(delayMs: number): void {
    this.#cancelTimer();
    if (!this.#stopped) this.#cancelTimer = this.#options.clock.after(delayMs, () => this.#wake());
  }

  /** Votes if it is time to, and sets the timer for the next possible time. */
  async #evaluate(): Promise<void> {
    const { chain, finalizer, clock, signer } = this.#options;
    if (!this.#enabled || this.#stopped) return;
    // The set that counts is not the one after this head.
    if (chain.awaited) return this.#cancelTimer();
    // Others may be a round ahead by then, and following them from the old source would split the votes. Counting
    // triggers the next evaluation.
    if (this.#counting > 0 || finalizer.isSettling) return;
    const { justified, finalized } = chain.finality;
    const { head } = chain;
    if (equalBytes(head.id, finalized.block)) return this.#cancelTimer();

    // Rounds that the protection refuses are skipped: if more than a third waited for the others to reach their rounds,
    // nobody would.
    if (signer.refusedToRound > this.#round.round) this.#round.enter(signer.refusedToRound);
    const reached = finalizer.rounds.targets(chain.snapshot.authorities).ofMinority;
    const next = justified.round + 1;
    let round = Math.max(next, reached);
    let isLed = round > next;
    if (round <= this.#round.round) {
      const waitMs = await this.#resultWaitMs();
      if (waitMs === undefined) return this.#cancelTimer();
      if (waitMs > 0) return this.#sleep(waitMs);
      round = this.#round.round + 1;
      isLed = true;
    } else if (justified.round === this.#round.round) {
      const lateMs = this.#round.lateMs(clock.now());
      if (lateMs !== undefined && lateMs > 0 && reached < next) return this.#sleep(lateMs);
      isLed ||= lateMs !== undefined;
    }
    const certificateWaitMs = this.#certificateWaitMs(round, isLed);
    if (certificateWaitMs > 0) return this.#sleep(certificateWaitMs);
    if (isLed) {
      const { link, waitMs } = await this.#leader.inRound(round);
      if (link) return this.#voteIn(round, link);
      if (waitMs > 0) return this.#sleep(waitMs);
    }
    const standsForMs = clock.now() - this.#headSinceMs;
    const target = await voteTarget(chain, { round, standsForMs, voter: signer.publicKey });
    if (!target) return this.#sleep(Math.max(restingMs(chain.snapshot.parameters.periodMs) - standsForMs, 1));
    // The head has yet to follow the justified block; the change of the head triggers the next evaluation.
    if (!(await isAncestor(chain.tree, { height: justified.height, id: justified.block }, target))) return;
    const voters = (await chain.tree.snapshotAfter(target.id)).authorities;
    if (authorityIndex(voters, signer.publicKey) < 0) return this.#cancelTimer();

    const { height, id } = target;
    return this.#voteIn(round, { source: justified, target: { round, height, block: id } });
  }

  async #voteIn(round: number, message: FinalityVote): Promise<void> {
    await this.#vote(message);
    this.#round.enter(round);
  }

  /** Undefined while authorities have yet to reach this node's round; their votes trigger the next evaluation. */
  async #resultWaitMs(): Promise<number | undefined> {
    const { chain, finalizer, clock, signer } = this.#options;
    const { rounds } = finalizer;
    const { round } = this.#round;
    const own = rounds.voteOf(signer.publicKey);
    const target = own && (await chain.tree.get(own.message.target.block));
    // The set may have changed since. This concerns both those who can give this round a result and those who can give
    // one to the next.
    const snapshots = target ? [await chain.tree.snapshotAfter(target.id), chain.snapshot] : [chain.snapshot];
    const reached = snapshots.map(({ authorities }) => ({
      ranking: rounds.targets(authorities),
      quorum: quorum(authorities.length),
    }));
    return this.#round.waitMs(clock.now(), {
      isLost: rounds.roundOf(signer.publicKey) < round,
      hasQuorum: reached.some(({ ranking }) => ranking.ofQuorum >= round),
      isShared: reached.some((each) => each.ranking.count(round) >= each.quorum),
      settledRound: settledRound(chain.finality),
    });
  }

  /**
   * Others vote from a later source: its certificate has been requested, and a vote from the old one would split
   * theirs. One authority's word is enough if the round before had no timely result here: it may have been shown to
   * that authority alone, whose vote has then called the others into this round.
   */
  #certificateWaitMs(round: number, isLed: boolean): number {
    const { chain, finalizer, clock } = this.#options;
    const sources = finalizer.rounds.sources(chain.snapshot.authorities);
    const later = isLed ? sources.highest : sources.ofMinority;
    if (later <= chain.finality.justified.round) return 0;
    // A faulty authority can claim any source, and a later one each time: it delays a round once.
    if (round !== this.#behindIn.round) this.#behindIn = { round, sinceMs: clock.now() };
    return this.#behindIn.sinceMs + minRoundTimeoutMs - clock.now();
  }

  async #vote(message: FinalityVote): Promise<void> {
    const { chain, finalizer, logger, signer } = this.#options;
    const signature = await signer.signFinalityVote({
      sourceRound: message.source.round,
      targetRound: message.target.round,
      root: voteSigningRoot(message, chain.genesis.id),
    });
    const vote = { message, voter: signer.publicKey, signature };
    this.events.emit("vote", vote);
    // It is counted like any other vote, outside of the queue's task.
    this.#counting++;
    inBackground(
      finalizer
        .addVote(vote)
        .catch((error) => {
          if (!isClosed(error))
            logger.error({ error: messageOf(error) }, "this node's own vote was not counted");
        })
        .finally(() => {
          this.#counting--;
          this.#wake();
        }),
    );
  }
}
