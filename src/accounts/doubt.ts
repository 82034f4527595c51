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

/**
 * Rounds that a node can enter in `elapsedMs` without the network: those that end without a result, the nth of them after
 * `timeoutMs(n)`. Rounds with a result need no bound: a quorum took part, so the network knows them.
 */
export function roundsWithin(elapsedMs: number, timeoutMs: (n: number) => number): number {
  // The first may have begun before.
  let rounds = 1;
  for (let left = elapsedMs; left > 0; left -= timeoutMs(rounds++));
  return rounds;
}

/** What a node may have voted that it does not know of: found out by listening before it votes. */
export class DoubtfulVotes {
  readonly #clock: Clock;
  readonly #roundsWithin: (elapsedMs: number) => number;
  readonly #listenMs: number;
  #heard: HeardRounds | undefined;
  #least: HeardRounds = { highestRound: 0, justifiedRound: 0 };
  #sinceMs: number;
  /** A doubt was ended in this process. */
  settled = false;

  constructor(options: { clock: Clock; roundsWithin(elapsedMs: number): number; listenMs: number }) {
    this.#clock = options.clock;
    this.#roundsWithin = options.roundsWithin;
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
   * Up to which rounds the account may have voted. Targets: what is recorded or was heard of, and the rounds that it can have
   * gone on to since. Sources: justified by a quorum, so heard of.
   * @throws {SigningError} `SIGNING_DOUBTFUL` while it cannot be known.
   */
  settle(recorded: VoteLimits, sinceMs: number, isAlone: boolean): VoteLimits {
    const now = this.#clock.now();
    if (!this.#heard && !isAlone)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote before a peer has told how far finality is");
    if (!isAlone && now - this.#sinceMs < this.#listenMs)
      throw new SigningError("SIGNING_DOUBTFUL", "no vote yet: listening how far finality is");
    const heard = highest(this.#heard, this.#least);
    return {
      sourceRound: Math.max(recorded.sourceRound, heard.justifiedRound),
      targetRound: Math.max(recorded.targetRound, heard.highestRound) + this.#roundsWithin(now - sinceMs),
    };
  }
}

function highest(a: HeardRounds | undefined, b: HeardRounds): HeardRounds {
  return {
    highestRound: Math.max(a?.highestRound ?? 0, b.highestRound),
    justifiedRound: Math.max(a?.justifiedRound ?? 0, b.justifiedRound),
  };
}
