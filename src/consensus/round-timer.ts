import { minRoundTimeoutMs, roundTimeoutMs } from "./finality.ts";

export interface RoundStanding {
  /** Nobody has the own vote: a crash kept it from leaving, or the protection has refused the round. */
  isLost: boolean;
  /** Whether those who have reached the round could give it a result. */
  hasQuorum: boolean;
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
   * A lost vote is waited for only so long that a peer can tell of it. Undefined: more authorities have to come first.
   */
  waitMs(nowMs: number, { isLost, hasQuorum, justifiedRound }: RoundStanding): number | undefined {
    if (!isLost && !hasQuorum) {
      this.#waitingSinceMs = undefined;
      return undefined;
    }
    this.#waitingSinceMs ??= nowMs;
    const rounds = Math.max(1, this.#round - justifiedRound);
    return this.#waitingSinceMs + (isLost ? minRoundTimeoutMs : roundTimeoutMs(rounds)) - nowMs;
  }
}
