import { authorityIndex, leaderOf, quorum, roundTimeoutMs, settledRound } from "../consensus/index.ts";
import type { FinalityVote, SignedFinalityVote } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import type { VoterOptions } from "./voter-options.ts";

/** A leader whose messages take longer than a quarter of this counts as absent. */
export const maxPatienceMs = 2_000;

/**
 * The vote of a round's leader, which the others repeat if they entered the round without a result of the round before,
 * or with a late one. A faulty authority can keep back the vote that gives a round its result, and show it to some just
 * before they enter the next round and to the others just after; without a leader their votes would then have two
 * sources, round after round (docs/consensus.md, section 7).
 */
export class RoundLeader {
  readonly #options: VoterOptions;
  #awaited = { round: 0, untilMs: 0 };

  constructor(options: VoterOptions) {
    this.#options = options;
  }

  /** The link to vote for, or the time for which to wait for it; neither if this authority chooses its vote itself. */
  async inRound(round: number): Promise<{ link?: FinalityVote; waitMs: number }> {
    const { chain, finalizer, clock, signer } = this.#options;
    const { authorities } = chain.snapshot;
    const leader = leaderOf(authorities, round);
    if (!leader || equalBytes(leader, signer.publicKey)) return { waitMs: 0 };
    const vote = finalizer.rounds.voteOf(leader);
    const reached = vote?.message.target.round ?? 0;
    if (vote && reached === round && (await this.#mayRepeat(vote))) return { link: vote.message, waitMs: 0 };
    const passed = finalizer.rounds.targets(authorities).countAbove(round);
    // If a needed authority has passed the round, the round can have no result, and this authority only follows.
    if (reached > round || authorities.length - passed < quorum(authorities.length)) return { waitMs: 0 };
    if (this.#awaited.round !== round)
      this.#awaited = { round, untilMs: clock.now() + this.#patienceMs(round) };
    return { waitMs: this.#awaited.untilMs - clock.now() };
  }

  /** Half of the time-out of the round before, which the leader ends within a message's delay of the others. */
  #patienceMs(round: number): number {
    const { finality } = this.#options.chain;
    return Math.min(roundTimeoutMs(Math.max(1, round - 1 - settledRound(finality))) / 2, maxPatienceMs);
  }

  /**
   * True if the vote is counted, its source is known here to be justified and is none that this authority's protection
   * or final block rules out, and its target's state was executed here. The target need not be on the head's branch:
   * that may have changed with the late result.
   */
  async #mayRepeat(vote: SignedFinalityVote): Promise<boolean> {
    const { chain, finalizer, signer } = this.#options;
    const { source, target } = vote.message;
    const leastSource = Math.max(signer.lastSourceRound, chain.finality.finalized.round);
    if (!finalizer.tally.has(vote) || !finalizer.isJustified(source) || source.round < leastSource)
      return false;
    if ((await chain.reader.accountsRoot(target.block)) === undefined) return false;
    const { authorities } = await chain.tree.snapshotAfter(target.block);
    return authorityIndex(authorities, signer.publicKey) >= 0;
  }
}
