import { maxAmount } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";

/**
 * The share of the pool that is available at the chain's least fee. The rest is kept for transactions that pay more.
 */
const cheapShare = 0.5;
/**
 * The number of times that the fee doubles from the cheap part to the last place. No supply pays for that one, so the
 * pool is never full.
 */
const doublings = 64;
/** The decay of the fee, like Bitcoin's rolling minimum fee: slow while the pool is under pressure, then faster. */
const pressedHalfLifeMs = 60_000;
const calmHalfLifeMs = 15_000;

/**
 * The least fee for a place. `fill` is from 0, empty, to 1, the last place taken. The fee is exponential: anybody who
 * fills the pool to keep a fee out pays at least that fee for thousands of places.
 */
export function feeAt(fill: number, minFee: bigint): bigint {
  if (fill <= cheapShare) return minFee;
  return amountOf(floatFeeAt(fill, minFee));
}

function floatFeeAt(fill: number, minFee: bigint): number {
  const base = minFee > 0n ? Number(minFee) : 1;
  return base * 2 ** (((fill - cheapShare) / (1 - cheapShare)) * doublings);
}

function amountOf(fee: number): bigint {
  const whole = BigInt(Math.ceil(Math.min(fee, 2 ** 64)));
  return whole > maxAmount ? maxAmount : whole;
}

/** The least fee that a pool accepts. It rises at once as the pool fills, and decays when it empties. */
export class FeeFloor {
  readonly #clock: Clock;
  /** The highest fee that was required, less what had decayed until `#atMs`; 0 once that was less than 1. */
  #raised = 0;
  #atMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records that a place was taken, after which the pool has this fill. */
  rise(fill: number, minFee: bigint): void {
    if (fill <= cheapShare) return;
    const fee = floatFeeAt(fill, minFee);
    if (fee < this.#decayed(fill)) return;
    this.#raised = fee;
  }

  /** The least fee for a transaction that brings the pool to `fill`. */
  least(fill: number, minFee: bigint): bigint {
    const level = feeAt(fill, minFee);
    const rolling = amountOf(this.#decayed(fill));
    if (level > rolling) return level;
    return rolling;
  }

  #decayed(fill: number): number {
    const nowMs = this.#clock.now();
    // A clock that was set back lowers nothing.
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    const halfLifeMs = fill > cheapShare ? pressedHalfLifeMs : calmHalfLifeMs;
    this.#raised *= 2 ** (-elapsedMs / halfLifeMs);
    if (this.#raised < 1) this.#raised = 0;
    this.#atMs = nowMs;
    return this.#raised;
  }
}
