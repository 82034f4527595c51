/** The limits of a mempool. */
export interface MempoolLimits {
  /** From half of these limits on, by count or by bytes, a place costs more than the chain's least fee. */
  maxCount: number;
  maxBytes: number;
  /** The most transactions of one sender. */
  maxPerAccount: number;
  /** The most that a nonce may be ahead of the first missing one. */
  maxNonceGap: number;
  /** The most transactions that wait for a missing nonce. No block includes these, so their fees may never be paid. */
  maxAhead: number;
  /** A replacement pays at least this much more, in percent, and at least 1. */
  replacementPercent: number;
  /** The time that a transaction may wait if this node has not acknowledged it, or if it cannot be executed. */
  lifetimeMs: number;
  /** The most transactions that expire, or senders that are looked at for a block, between two pauses. */
  sliceTransactions: number;
}

export const defaultMempoolLimits: MempoolLimits = {
  // About ten full blocks, which take at most 85 MB of memory.
  maxCount: 100_000,
  maxBytes: 32 * 2 ** 20,
  // Half of a full block, a twentieth of the pool.
  maxPerAccount: 5_000,
  // Transactions sent at once may overtake one another on the way; a larger gap is a client's error.
  maxNonceGap: 64,
  maxAhead: 10_000,
  replacementPercent: 10,
  // The default of geth's `txpool.lifetime`.
  lifetimeMs: 3 * 60 * 60 * 1000,
  // Some 10 ms.
  sliceTransactions: 4096,
};
