import { minRoundTimeoutMs, roundTimeoutMs } from "./finality.ts";

export interface RoundStanding {
  /** Nobody has the own vote: a crash kept it from leaving, or the protection has refused the round. */
  isLost: boolean;
  /** True if those who have reached the round could give it a result. */
  hasQuorum: boolean;
  /** True if a quorum is in this round, and none of it in a later one. */
  isShared: boolean;
  justifiedRound: number;
}

/** The round that an authority voted in last, and how long it waits for a result there. */
export class RoundTimer {
  #round: number;
  #waitingSinceMs: number | undefined;

  constructor(round: number) {
    this.#round = round;
  }

  get round(): number {
    return this.#round;
  }

  enter(round: number): void {
    this.#round = round;
    this.#waitingSinceMs = undefined;
  }

  /**
   * Ms until the next round begins: the time-out begins when the round has a quorum, so that it begins and ends for all at one time.
   * It is the shortest where a result is not to be expected: who is needed has passed the round, or may tell of the lost vote.
   * Undefined: more authorities have to come first.
   */
  waitMs(nowMs: number, { isLost, hasQuorum, isShared, justifiedRound }: RoundStanding): number | undefined {
    if (!isLost && !hasQuorum) {
      this.#waitingSinceMs = undefined;
      return undefined;
    }
    this.#waitingSinceMs ??= nowMs;
    const isHopeful = isShared && !isLost;
    const timeoutMs = isHopeful
      ? roundTimeoutMs(Math.max(1, this.#round - justifiedRound))
      : minRoundTimeoutMs;
    return this.#waitingSinceMs + timeoutMs - nowMs;
  }
}
