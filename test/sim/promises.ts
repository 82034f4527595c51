/** The promises of honest nodes under attack, besides those that always hold. */
export const promises = {
  /** No honest node is blamed by another for what a liar has done. */
  blame: true,
  /** A node in step leaves `ready` only for a chain that a majority of the authorities must have signed. */
  modes: true,
  /** Two conflicting signatures of an authority that both reach a node become evidence there. */
  evidence: true,
  /** Blocks come at their pace and are soon final while liars continue and all else is well. */
  pace: true,
};
