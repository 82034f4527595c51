/** Promises that honest nodes keep under attack, beside those that always hold. */
export const promises = {
  /** No honest node loses score with another one for what a liar has done. */
  blame: true,
  /** A node in step leaves `ready` for a chain only that a majority of the authorities must have signed. */
  modes: true,
  /** Two signatures of one authority that conflict, both sent to one node, are evidence there in the end. */
  evidence: true,
  /** Blocks come at their pace, and are final soon after, while liars go on and all else is well. */
  pace: true,
};
