import { toHex } from "../util/bytes.ts";
import { authorityIndex, signerLimit } from "./authority-set.ts";

/**
 * True if blocks that follow one another show that a majority of the authorities has signed. The recent-signer rule lets an authority
 * sign one of `signerLimit(n)` consecutive blocks, so that fewer than a majority make `signerLimit(n) - 1` in a row at most:
 * `signerLimit(n)` of them are a majority's. Signers are counted, and not blocks, so that a change of the set on the way changes
 * nothing.
 *
 * `authorities`: of the state after the block below the first. `proposers`: of the blocks, whose signatures were checked.
 */
export function majorityHasSigned(
  authorities: readonly Uint8Array[],
  proposers: Iterable<Uint8Array>,
): boolean {
  const members = new Set<string>();
  for (const proposer of proposers) {
    if (authorityIndex(authorities, proposer) < 0) continue;
    members.add(toHex(proposer));
    if (members.size >= signerLimit(authorities.length)) return true;
  }
  return false;
}
