import type { Clock } from "../util/clock.ts";
import { SigningError } from "./protection.ts";

/** What a peer's finality status says. */
export interface HeardRounds {
  /** Highest round that it voted in or saw a vote of. */
  highestRound: number;
  /** Of the highest justified checkpoint. */
  justifiedRound: number;
}

export interface VoteLimits {
  sourceRound: number;
  targetRound: number;
}

/** How long the nth round after the justified one is waited for. */
export type RoundTimeout = (n: number) => number;

/**
 * Rounds that a node can enter in `elapsedMs` without the network, from the one after the nth on: those end without a result, by
 * their time-outs. Rounds with a result need no bound: a quorum took part, so the network knows them.
 */
export function roundsWithin(elapsedMs: number, timeoutMs: RoundTimeout, n = 0): number {
  // The first may have begun before.
  let rounds = 1;
  for (let left = elapsedMs; left > 0; left -= timeoutMs(n + rounds++));
  return rounds;
}

/** What a node may have voted that it does not know of: found out by listening before it votes. */
export class DoubtfulVotes {
  readonly #clock: Clock;
  readonly #timeoutMs: RoundTimeout;
  readonly #listenMs: number;
  #heard: HeardRounds | undefined;
  #least: HeardRounds = { highestRound: 0, justifiedRound: 0 };
  #sinceMs: number;
  /** A doubt was ended in this process. */
  settled = false;

  constructor(options: { clock: Clock; roundTimeoutMs: RoundTimeout; listenMs: number }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.roundTimeoutMs;
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
   * Up to which rounds the account may have voted. Sources: justified by a quorum, so heard of. Targets: from the round that is
   * recorded, from the one after the justified checkpoint, and from the highest that others have reached, a node can have gone on by
   * time-outs since. `roundsAlone`: rounds with a result that it can have made as the only authority: where no other node
   * is there to tell, none has its votes.
   * @throws {SigningError} `SIGNING_DOUBTFUL` while it cannot be known.
   */
  settle(recorded: VoteLimits, sinceMs: number, roundsAlone: number | undefined): VoteLimits {
    const now = this.#clock.now();
    const passed = (n: number) => roundsWithin(now - sinceMs, this.#timeoutMs, n);
    if (now - this.#sinceMs < this.#listenMs)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote yet: listening how far finality is");
    if (roundsAlone !== undefined) {
      const { justifiedRound, highestRound } = highest(this.#heard, this.#least);
      return {
        sourceRound: Math.max(recorded.sourceRound, justifiedRound),
        targetRound: Math.max(recorded.targetRound, highestRound) + roundsAlone + passed(0),
      };
    }
    if (!this.#heard)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote before a peer has told how far finality is");
    const { highestRound, justifiedRound } = highest(this.#heard, this.#least);
    return {
      sourceRound: Math.max(recorded.sourceRound, justifiedRound),
      targetRound: Math.max(
        recorded.targetRound + passed(0),
        justifiedRound + 1 + passed(0),
        highestRound + passed(Math.max(0, highestRound - justifiedRound - 1)),
      ),
    };
  }
}

function highest(a: HeardRounds | undefined, b: HeardRounds): HeardRounds {
  return {
    highestRound: Math.max(a?.highestRound ?? 0, b.highestRound),
    justifiedRound: Math.max(a?.justifiedRound ?? 0, b.justifiedRound),
  };
}
