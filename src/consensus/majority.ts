import { toHex } from "../util/bytes.ts";
import { authorityIndex, signerLimit } from "./authority-set.ts";
import { minority } from "./finality.ts";

/**
 * True if consecutive blocks show that a majority of the authorities has signed. The recent-signer rule lets an
 * authority sign one of `signerLimit(n)` consecutive blocks. Fewer than a majority therefore make at most
 * `signerLimit(n) - 1` blocks in a row, and `signerLimit(n)` of them are a majority's. Signers are counted, not blocks,
 * so that a change of the set along the way makes no difference.
 *
 * `authorities` are those of the state after the block below the first. `proposers` are those of the blocks, whose
 * signatures were checked.
 */
export function majorityHasSigned(
  authorities: readonly Uint8Array[],
  proposers: Iterable<Uint8Array>,
): boolean {
  return signersAmong(authorities, proposers) >= signerLimit(authorities.length);
}

/** True if more than a third have signed: one of them is honest while fewer than a third are faulty. */
export function minorityHasSigned(
  authorities: readonly Uint8Array[],
  proposers: Iterable<Uint8Array>,
): boolean {
  return signersAmong(authorities, proposers) >= minority(authorities.length);
}

function signersAmong(authorities: readonly Uint8Array[], proposers: Iterable<Uint8Array>): number {
  const members = new Set<string>();
  for (const proposer of proposers)
    if (authorityIndex(authorities, proposer) >= 0) members.add(toHex(proposer));
  return members.size;
}
