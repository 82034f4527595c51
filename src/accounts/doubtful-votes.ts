import { maxRoundTimeoutMs } from "../consensus/index.ts";
import { SigningError } from "../types/errors.ts";
import type { Clock } from "../util/clock.ts";

/**
 * Rounds that an account may have entered above those that are known: one by a time-out, and one by a start after a
 * lost vote.
 */
export const unheardRounds = 2;

/**
 * The wait for a result while the others make blocks. If nothing is justified for the longest time-out of a round, they
 * have no quorum without this account.
 */
const stalledMs = maxRoundTimeoutMs;

/** The progress of finality as seen from signatures. */
export interface HeardRounds {
  /** The highest round that more than a third of the authorities have voted in. */
  reachedRound: number;
  /** The round of the highest justified checkpoint. */
  justifiedRound: number;
  /** A time after which more than two thirds of the authorities signed votes: the timestamp of the justified block. */
  votedAfterMs?: number | undefined;
  /** A time after which enough others signed blocks to be more than two thirds together with this account. */
  aliveAfterMs?: number | undefined;
  /** True if no checkpoint can be justified without this account. */
  isNeeded?: boolean | undefined;
}

export interface VoteLimits {
  sourceRound: number;
  targetRound: number;
}

/** Listens, before the account votes, to find out which votes it may have signed that are not recorded. */
export class DoubtfulVotes {
  readonly #clock: Clock;
  readonly #listenMs: number;
  #heard: HeardRounds | undefined;
  #least: VoteLimits = { sourceRound: 0, targetRound: 0 };
  #sinceMs: number;

  constructor(options: { clock: Clock; listenMs: number }) {
    this.#clock = options.clock;
    this.#listenMs = options.listenMs;
    this.#sinceMs = options.clock.now();
  }

  /** Listens again. Facts that were heard before stay true, but prove nothing about what was signed since. */
  restart(): void {
    this.#sinceMs = this.#clock.now();
  }

  hear(heard: HeardRounds): void {
    this.#heard = highest(this.#heard, heard);
  }

  /** Raises the refused rounds because of a vote of the account itself. */
  atLeast({ sourceRound, targetRound }: VoteLimits): void {
    this.#least = {
      sourceRound: Math.max(this.#least.sourceRound, sourceRound),
      targetRound: Math.max(this.#least.targetRound, targetRound),
    };
  }

  /**
   * The rounds up to which the account may have voted. It voted from a checkpoint that more than two thirds had signed,
   * and entered no round by a time-out before as many had reached the one below. Any two thirds that have voted since
   * include an honest one of these, in a higher round. Signatures from after the start therefore decide, and no peer's
   * claim does.
   * `roundsAlone`: the most rounds to which the account, as the only authority, can have given a result. No other
   * node's word is needed then.
   * @throws {SigningError} `SIGNING_DOUBTFUL` while the rounds cannot be known.
   */
  settle(recorded: VoteLimits, roundsAlone: number | undefined): VoteLimits {
    // If clocks differ by less than this, no block from before the start is taken for a later one.
    const listenedMs = this.#sinceMs + this.#listenMs;
    if (this.#clock.now() < listenedMs)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote yet: listening for how far finality is");
    if (roundsAlone === undefined && !this.#hasHeard(listenedMs))
      throw new SigningError(
        "SIGNING_DOUBTFUL",
        "no vote before votes of more than two thirds of the authorities, signed since the start, have arrived",
      );
    const { reachedRound = 0, justifiedRound = 0 } = this.#heard ?? {};
    const sourceRound = Math.max(recorded.sourceRound, justifiedRound, this.#least.sourceRound);
    const known = Math.max(recorded.targetRound, justifiedRound, reachedRound, this.#least.targetRound);
    return { sourceRound, targetRound: known + (roundsAlone ?? 0) + unheardRounds };
  }

  #hasHeard(listenedMs: number): boolean {
    const { votedAfterMs = -1, aliveAfterMs = -1, isNeeded = false } = this.#heard ?? {};
    if (votedAfterMs >= listenedMs) return true;
    return aliveAfterMs >= (isNeeded ? listenedMs : this.#sinceMs + Math.max(this.#listenMs, stalledMs));
  }
}

function highest(a: HeardRounds | undefined, b: HeardRounds): HeardRounds {
  const max = (one = -1, other = -1) => Math.max(one, other);
  return {
    reachedRound: max(a?.reachedRound, b.reachedRound),
    justifiedRound: max(a?.justifiedRound, b.justifiedRound),
    votedAfterMs: max(a?.votedAfterMs, b.votedAfterMs),
    aliveAfterMs: max(a?.aliveAfterMs, b.aliveAfterMs),
    isNeeded: b.isNeeded,
  };
}
