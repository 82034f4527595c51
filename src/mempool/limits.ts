/** Limits of a mempool. */
export interface MempoolLimits {
  /** From half of these on, by count or by bytes, a place costs more than the chain's least fee. */
  maxCount: number;
  maxBytes: number;
  /** Transactions of one sender. */
  maxPerAccount: number;
  /** How far a nonce may be ahead of the first that is missing. */
  maxNonceGap: number;
  /** Transactions that wait for a missing nonce: no block takes these, so their fees may never be paid. */
  maxAhead: number;
  /** A replacement pays at least this much more, in percent, and at least 1. */
  replacementPercent: number;
  /** How long a transaction waits that this node has not acknowledged, or that cannot be executed. */
  lifetimeMs: number;
}

export const defaultMempoolLimits: MempoolLimits = {
  // About twenty full blocks.
  maxCount: 200_000,
  maxBytes: 64 * 2 ** 20,
  // Half of a full block, a fortieth of the pool.
  maxPerAccount: 5_000,
  // Transactions sent at once may overtake one another on the way; more is a client's error.
  maxNonceGap: 64,
  maxAhead: 10_000,
  replacementPercent: 10,
  // As geth's `txpool.lifetime`.
  lifetimeMs: 3 * 60 * 60 * 1000,
};
