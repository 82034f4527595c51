import type { Clock } from "../util/clock.ts";
import { SigningError } from "./protection.ts";

/** Rounds above those that are known of which an account may have entered: by a time-out, and by a start after a lost vote. */
const unheardRounds = 2;

/**
 * Longest wait for a result while the others make blocks: the longest time-out of a round. If nothing is justified for that long, they
 * have no quorum without this account.
 */
const stalledMs = 30_000;

/** How far finality is, by what peers have told. */
export interface HeardRounds {
  /** Highest round that more than a third of the authorities have voted in. */
  reachedRound: number;
  /** Round of the highest justified checkpoint. */
  justifiedRound: number;
  /** A time after which more than two thirds of the authorities signed votes: the timestamp of the justified block. */
  votedAfterMs?: number | undefined;
  /** A time after which so many others signed blocks that they are more than two thirds with this account. */
  aliveAfterMs?: number | undefined;
  /** True if no checkpoint can be justified without this account. */
  isNeeded?: boolean | undefined;
}

export interface VoteLimits {
  sourceRound: number;
  targetRound: number;
}

/** Finds out by listening, before the account votes, which votes it may have signed that are not recorded. */
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

  /** Listens anew: what was heard before stays true, but proves nothing of what was signed since. */
  restart(): void {
    this.#sinceMs = this.#clock.now();
  }

  hear(heard: HeardRounds): void {
    this.#heard = highest(this.#heard, heard);
  }

  /** Raises what is refused, by a vote of the account itself. */
  atLeast({ sourceRound, targetRound }: VoteLimits): void {
    this.#least = {
      sourceRound: Math.max(this.#least.sourceRound, sourceRound),
      targetRound: Math.max(this.#least.targetRound, targetRound),
    };
  }

  /**
   * Up to which rounds the account may have voted. Sources and targets: it voted from a checkpoint that more than two thirds had
   * signed, and entered no round by a time-out before as many had reached the one below. An honest one of these is among any two thirds
   * that have voted since, in a higher round; so no peer's word decides, only signatures from after the start. `roundsAlone`: rounds with
   * a result that it can have made as the only authority: where no other node is there to tell, none has its votes.
   * @throws {SigningError} `SIGNING_DOUBTFUL` while it cannot be known.
   */
  settle(recorded: VoteLimits, roundsAlone: number | undefined): VoteLimits {
    // Clocks that differ by less than this mistake no block from before the start for a later one.
    const listenedMs = this.#sinceMs + this.#listenMs;
    if (this.#clock.now() < listenedMs)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote yet: listening how far finality is");
    if (roundsAlone === undefined && !this.#hasHeard(listenedMs))
      throw new SigningError(
        "SIGNING_DOUBTFUL",
        "no vote before more than two thirds of the authorities are heard of, by votes signed since the start",
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
