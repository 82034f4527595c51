import type { AuthoritySnapshot } from "../types/authority.ts";
import type { Header } from "../types/block.ts";
import { BlockError } from "../types/errors.ts";
import { compareBytes } from "../util/bytes.ts";
import { authorityIndex } from "./authority-set.ts";

/** The values by which two heads are compared. */
export interface HeadWeight {
  /** The sum of the difficulties of the chain, without the genesis block's. */
  totalDifficulty: number;
  height: number;
  /** The `turnScore` of the head. */
  turnScore: number;
  id: Uint8Array;
}

/**
 * The order of EIP-3436: most total difficulty; then the lowest height; then the proposer whose turn was longest ago;
 * then the lowest id as a big-endian number. Negative if `a` is the better head, so that sorting puts the best first;
 * zero only for one and the same block.
 */
export function compareHeads(a: HeadWeight, b: HeadWeight): number {
  return (
    b.totalDifficulty - a.totalDifficulty ||
    a.height - b.height ||
    b.turnScore - a.turnScore ||
    compareBytes(a.id, b.id)
  );
}

/**
 * The number of blocks since the proposer's turn: 0 for a block in turn. `snapshot` is the one after the parent.
 * @throws {BlockError} NOT_AN_AUTHORITY
 */
export function turnScore(
  snapshot: Pick<AuthoritySnapshot, "authorities">,
  header: Pick<Header, "height" | "proposer">,
): number {
  const count = snapshot.authorities.length;
  const index = authorityIndex(snapshot.authorities, header.proposer);
  if (index < 0) throw new BlockError("NOT_AN_AUTHORITY", "the proposer is not an authority");
  return ((header.height % count) - index + count) % count;
}
