import { SigningError } from "../accounts/index.ts";
import {
  certificateOf,
  quorum,
  RoundTimer,
  RoundWatch,
  restingMs,
  roundOfMinority,
  roundOfQuorum,
  targetHeight,
  VoteTally,
} from "../consensus/index.ts";
import type { Certificate, FinalityVote, SignedFinalityVote } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { CodedError, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import { ancestorAt, isAncestor } from "./branches.ts";
import type { Chain } from "./chain.ts";
import { checkCertificate, checkVote, voteSigningRoot } from "./vote-check.ts";

/** Votes below the justified round by this much can finalize nothing any more. */
const keptRounds = 8;
/** After signing was refused, before the next try. */
const retryMs = 1_000;

/** Signs finality votes; refuses those that could be slashed. */
export interface VoteSigner {
  publicKey: Uint8Array;
  /** Target round of the last vote that was signed, in this process or an earlier one; 0 if none was. */
  lastTargetRound: number;
  /** Up to here no new vote is signed: `lastTargetRound`, or more where older data was put back. */
  refusedToRound: number;
  signFinalityVote(vote: { sourceRound: number; targetRound: number; root: Uint8Array }): Promise<Uint8Array>;
}

export interface FinalizerOptions {
  chain: Chain;
  clock: Clock;
  logger: Logger;
  /** Where the node's account votes when it is an authority. */
  signer: VoteSigner | undefined;
}

export type FinalizerEvents = {
  /** An own vote, to be published. */
  vote: SignedFinalityVote;
  /** A checked vote of anybody. */
  seen: SignedFinalityVote;
  fatal: CodedError;
};

/** Votes on blocks and counts the votes (Casper FFG; docs/consensus.md). */
export class Finalizer {
  readonly events = new Emitter<FinalizerEvents>();
  readonly tally = new VoteTally();
  readonly rounds = new RoundWatch();
  readonly #options: FinalizerOptions;
  readonly #queue = new SerialQueue();
  readonly #stops: (() => void)[];
  #enabled = false;
  #stopped = false;
  #cancelTimer: () => void = () => undefined;
  /** Since when the head stands. */
  #headSinceMs: number;
  /** Of the newest own vote. */
  readonly #round: RoundTimer;
  /** Results that are about to be known: own votes not counted yet, certificates on their way to the disk. */
  #counting = 0;

  constructor(options: FinalizerOptions) {
    this.#options = options;
    const { chain, clock, signer } = options;
    this.#headSinceMs = clock.now();
    this.#round = new RoundTimer(signer?.lastTargetRound ?? 0);
    this.#stops = [
      chain.events.on("head", () => {
        this.#headSinceMs = clock.now();
        this.#wake();
      }),
    ];
  }

  /** Only a node in step with its peers votes. */
  set enabled(enabled: boolean) {
    this.#enabled = enabled;
    this.#wake();
  }

  /** Round of the newest own vote. */
  get round(): number {
    return this.#round.round;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    for (const stop of this.#stops) stop();
  }

  /** Resolves when what was handed in has been dealt with. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Counts a vote. Returns false if it is old or known. @throws {VoteError} */
  async addVote(vote: SignedFinalityVote): Promise<boolean> {
    const { chain } = this.#options;
    if (this.isOld(vote.message) || this.tally.has(vote)) return false;
    const { tree, genesis, checks } = chain;
    const authorities = await checkVote(vote, { tree, genesisId: genesis.id, verify: checks.verify });
    this.tally.add(vote);
    this.rounds.add(vote);
    this.events.emit("seen", vote);
    const votes = this.tally.votesFor(vote.message, authorities);
    if (votes.length >= quorum(authorities.length)) await this.#settle(certificateOf(vote.message, votes));
    this.#wake();
    return true;
  }

  /** Takes note of the round of a vote whose block is not here. `vote`: an authority's, its signature checked. */
  hearRound(vote: SignedFinalityVote): void {
    this.rounds.add(vote);
    this.#wake();
  }

  /** Takes over what others have counted. Returns false if it says nothing new. @throws {VoteError} */
  async addCertificate(certificate: Certificate): Promise<boolean> {
    const { chain } = this.#options;
    if (this.isSettled(certificate.link)) return false;
    const { tree, genesis, checks } = chain;
    await checkCertificate(certificate, { tree, genesisId: genesis.id, verify: checks.verify });
    await this.#settle(certificate);
    this.#wake();
    return true;
  }

  /** Whether a link can change nothing any more. */
  isOld({ target }: FinalityVote): boolean {
    return target.round + keptRounds <= this.#options.chain.finality.justified.round;
  }

  isSettled({ source, target }: FinalityVote): boolean {
    const { justified, finalized } = this.#options.chain.finality;
    return (
      target.round <= justified.round &&
      (target.round !== source.round + 1 || source.round <= finalized.round)
    );
  }

  async #settle(certificate: Certificate): Promise<void> {
    const { chain } = this.#options;
    if (this.isSettled(certificate.link)) return;
    this.#counting++;
    try {
      await chain.justify(certificate);
    } catch (error) {
      if (error instanceof CodedError && error.code === "CONFLICTING_FINALITY")
        this.events.emit("fatal", error);
      throw error;
    } finally {
      this.#counting--;
      this.#wake();
    }
    const oldest = chain.finality.justified.round - keptRounds;
    this.tally.prune(oldest);
    this.rounds.prune(oldest);
  }

  #wake(): void {
    if (this.#stopped) return;
    void this.#queue
      .run(() => this.#evaluate())
      .catch((error) => {
        // What protects the account says itself why it refuses, and the others come to rounds that it does not.
        const level = error instanceof SigningError ? "debug" : "error";
        this.#options.logger[level]({ error: messageOf(error) }, "no finality vote");
        this.#sleep(retryMs);
      });
  }

  #sleep(delayMs: number): void {
    this.#cancelTimer();
    if (!this.#stopped) this.#cancelTimer = this.#options.clock.after(delayMs, () => this.#wake());
  }

  /** Votes if it is time to, and sets the timer for when it may be. */
  async #evaluate(): Promise<void> {
    const { chain, clock, signer } = this.#options;
    if (!signer || !this.#enabled || this.#stopped) return;
    // Others may be a round ahead by then: to follow them from the old source would split the votes. Counting wakes this.
    if (this.#counting > 0) return;
    const { justified, finalized } = chain.finality;
    const { head } = chain;
    if (equalBytes(head.id, finalized.block)) return this.#cancelTimer();

    // Rounds that the protection refuses are passed over: where more than a third wait for the others to reach theirs, nobody would.
    if (signer.refusedToRound > this.#round.round) this.#round.enter(signer.refusedToRound);
    let round = Math.max(
      justified.round + 1,
      roundOfMinority(this.rounds.rounds(chain.snapshot.authorities)),
    );
    if (round <= this.#round.round) {
      const waitMs = await this.#resultWaitMs(signer);
      if (waitMs === undefined) return this.#cancelTimer();
      if (waitMs > 0) return this.#sleep(waitMs);
      round = this.#round.round + 1;
    }
    const { periodMs } = chain.genesis.config;
    const standsForMs = clock.now() - this.#headSinceMs;
    const height = targetHeight(
      { justified, finalized },
      { height: head.height, standsForMs },
      periodMs,
      round,
    );
    if (height === undefined) return this.#sleep(Math.max(restingMs(periodMs) - standsForMs, 1));
    const target = await ancestorAt(chain.tree, head, height);
    // The head has yet to follow the justified block; it wakes this when it has.
    if (!(await isAncestor(chain.tree, { height: justified.height, id: justified.block }, target))) return;
    const voters = (await chain.tree.snapshotAfter(target.id)).authorities;
    if (!voters.some((voter) => equalBytes(voter, signer.publicKey))) return this.#cancelTimer();

    await this.#vote({ source: justified, target: { round, height, block: target.id } }, signer);
    this.#round.enter(round);
  }

  /** Undefined: those who have yet to reach the own round wake this. */
  async #resultWaitMs({ publicKey }: VoteSigner): Promise<number | undefined> {
    const { chain, clock } = this.#options;
    const { round } = this.#round;
    const own = this.rounds.voteOf(publicKey);
    const target = own && (await chain.tree.get(own.message.target.block));
    // The set may have changed since: those who can give this round a result, or those who can give one to the next.
    const snapshots = target ? [await chain.tree.snapshotAfter(target.id), chain.snapshot] : [chain.snapshot];
    const sets = snapshots.map(({ authorities }) => this.rounds.rounds(authorities));
    return this.#round.waitMs(clock.now(), {
      isLost: this.rounds.roundOf(publicKey) < round,
      hasQuorum: sets.some((rounds) => roundOfQuorum(rounds) >= round),
      isShared: sets.some(
        (rounds) => rounds.filter((other) => other === round).length >= quorum(rounds.length),
      ),
      justifiedRound: chain.finality.justified.round,
    });
  }

  async #vote(message: FinalityVote, signer: VoteSigner): Promise<void> {
    const { chain } = this.#options;
    const signature = await signer.signFinalityVote({
      sourceRound: message.source.round,
      targetRound: message.target.round,
      root: voteSigningRoot(message, chain.genesis.id),
    });
    const vote = { message, voter: signer.publicKey, signature };
    this.events.emit("vote", vote);
    // Counted like any other's, outside of the queue's task.
    this.#counting++;
    void this.addVote(vote)
      .catch((error) => this.#options.logger.error({ error: messageOf(error) }, "own vote not counted"))
      .finally(() => {
        this.#counting--;
        this.#wake();
      });
  }
}
