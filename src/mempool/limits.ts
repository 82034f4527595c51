/** What a mempool admits. */
export interface MempoolLimits {
  maxCount: number;
  maxBytes: number;
  /** Of one sender. */
  maxPerAccount: number;
  /** How far a nonce may be ahead of the first that is missing. */
  maxNonceGap: number;
  /** A replacement pays at least this much more, in percent, and at least 1. */
  replacementPercent: number;
  /** How long a transaction waits that this node has not acknowledged, or that cannot be executed. */
  lifetimeMs: number;
}

export const defaultMempoolLimits: MempoolLimits = {
  // About ten full blocks; a tenth of it for one sender.
  maxCount: 200_000,
  maxBytes: 64 * 2 ** 20,
  maxPerAccount: 20_000,
  // Transactions sent at once may overtake one another on the way; more is a client's error.
  maxNonceGap: 64,
  replacementPercent: 10,
  // As geth's `txpool.lifetime`.
  lifetimeMs: 3 * 60 * 60 * 1000,
};
