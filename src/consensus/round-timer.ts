import { minRoundTimeoutMs, roundTimeoutMs } from "./finality.ts";

export interface RoundStanding {
  /** Nobody has this authority's own vote: a crash kept it from leaving, or the protection has refused the round. */
  isLost: boolean;
  /** True if those who have reached the round could give it a result. */
  hasQuorum: boolean;
  /** True if a quorum is in this round, and none of it in a later one. */
  isShared: boolean;
  settledRound: number;
}

/** Tracks the round that an authority last voted in, and how long it waits for a result there. */
export class RoundTimer {
  #round: number;
  #waitingSinceMs: number | undefined;
  /** The time-out of the wait, as it was computed last. */
  #timeoutMs = 0;
  /** When the result of the round became known. */
  #resultAtMs: number | undefined;

  constructor(round: number) {
    this.#round = round;
  }

  get round(): number {
    return this.#round;
  }

  enter(round: number): void {
    this.#round = round;
    this.#waitingSinceMs = undefined;
    this.#resultAtMs = undefined;
  }

  /** The round has a result. */
  noteResult(nowMs: number): void {
    this.#resultAtMs ??= nowMs;
  }

  /**
   * Undefined if the round has no result, or one that came in the first half of its time-out. Otherwise ms until the
   * end of the time-out, negative after it: others may have entered the next round without having seen the result.
   */
  lateMs(nowMs: number): number | undefined {
    if (this.#resultAtMs === undefined || this.#waitingSinceMs === undefined) return undefined;
    if (this.#resultAtMs < this.#waitingSinceMs + this.#timeoutMs / 2) return undefined;
    return this.#waitingSinceMs + this.#timeoutMs - nowMs;
  }

  /**
   * Ms until the next round begins; undefined if more authorities have to come first.
   *
   * The time-out begins when the round has a quorum, so that it begins and ends for all at the same time. It is the
   * shortest one if no result can be expected: because a needed authority has passed the round, or another node may
   * report the lost vote.
   */
  waitMs(nowMs: number, { isLost, hasQuorum, isShared, settledRound }: RoundStanding): number | undefined {
    if (!isLost && !hasQuorum) {
      this.#waitingSinceMs = undefined;
      return undefined;
    }
    this.#waitingSinceMs ??= nowMs;
    const isHopeful = isShared && !isLost;
    this.#timeoutMs = isHopeful ? roundTimeoutMs(Math.max(1, this.#round - settledRound)) : minRoundTimeoutMs;
    return this.#waitingSinceMs + this.#timeoutMs - nowMs;
  }
}
