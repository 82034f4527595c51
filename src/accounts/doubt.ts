import type { Clock } from "../util/clock.ts";
import { SigningError } from "./protection.ts";

/** Rounds above those that are known of which an account may have entered: by a time-out, and by a start after a lost vote. */
const unheardRounds = 2;

/** How far finality is, by what peers have told. */
export interface HeardRounds {
  /** Highest round that more than a third of the authorities have voted in. */
  reachedRound: number;
  /** Of the highest justified checkpoint. */
  justifiedRound: number;
}

export interface VoteLimits {
  sourceRound: number;
  targetRound: number;
}

/** What a node may have voted that it does not know of: found out by listening before it votes. */
export class DoubtfulVotes {
  readonly #clock: Clock;
  readonly #listenMs: number;
  #heard: HeardRounds | undefined;
  #least: HeardRounds = { reachedRound: 0, justifiedRound: 0 };
  #sinceMs: number;
  /** A doubt was ended in this process. */
  settled = false;

  constructor(options: { clock: Clock; listenMs: number }) {
    this.#clock = options.clock;
    this.#listenMs = options.listenMs;
    this.#sinceMs = options.clock.now();
  }

  /** Listens anew; what was heard before stays true. */
  restart(): void {
    this.#sinceMs = this.#clock.now();
  }

  hear(heard: HeardRounds): void {
    this.#heard = highest(this.#heard, heard);
  }

  /** Raises what is refused without being a peer's word. */
  atLeast(rounds: HeardRounds): void {
    this.#least = highest(this.#least, rounds);
  }

  /**
   * Up to which rounds the account may have voted. Sources: justified by a quorum, so heard of. Targets: nobody enters a round by
   * a time-out before a quorum has reached the one below, of which more than a third are honest and heard of. `roundsAlone`: rounds
   * with a result that it can have made as the only authority: where no other node is there to tell, none has its votes.
   * @throws {SigningError} `SIGNING_DOUBTFUL` while it cannot be known.
   */
  settle(recorded: VoteLimits, roundsAlone: number | undefined): VoteLimits {
    if (this.#clock.now() - this.#sinceMs < this.#listenMs)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote yet: listening how far finality is");
    if (roundsAlone === undefined && !this.#heard)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote before a peer has told how far finality is");
    const { reachedRound, justifiedRound } = highest(this.#heard, this.#least);
    return {
      sourceRound: Math.max(recorded.sourceRound, justifiedRound),
      targetRound:
        Math.max(recorded.targetRound, justifiedRound, reachedRound) + (roundsAlone ?? 0) + unheardRounds,
    };
  }
}

function highest(a: HeardRounds | undefined, b: HeardRounds): HeardRounds {
  return {
    reachedRound: Math.max(a?.reachedRound ?? 0, b.reachedRound),
    justifiedRound: Math.max(a?.justifiedRound ?? 0, b.justifiedRound),
  };
}
