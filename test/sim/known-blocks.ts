import type { Hex } from "../../src/util/bytes.ts";
import type { ReferenceRules } from "./reference.ts";

/** Facts about a block from any node. */
export interface KnownBlock {
  height: number;
  parent: Hex;
  timestamp: number;
  proposer: Hex;
  stateRoot: Hex;
  totalDifficulty: number;
  /** The rules after the block, computed from the headers up to it; undefined if one of them is not known. */
  rules: ReferenceRules | undefined;
  /** True if the block was made under the recovery. */
  isRecovered: boolean;
  /** All coins that were created up to the block. */
  supply: bigint | undefined;
}

/**
 * Checks from the blocks alone that a proposer signs one of `limit` consecutive blocks (EIP-225); returns undefined if
 * that holds.
 */
export function signedRecently(id: Hex, blocks: ReadonlyMap<Hex, KnownBlock>): string | undefined {
  const block = blocks.get(id)!;
  const parent = blocks.get(block.parent);
  const authorities = parent?.rules?.authorities.length;
  if (!parent || authorities === undefined) return undefined;
  let at: KnownBlock | undefined = parent;
  for (let distance = 1; distance <= Math.floor(authorities / 2) && at && at.height > 0; distance++) {
    // A recovery begins with no recent signers.
    if (block.isRecovered && !at.isRecovered) return undefined;
    // If the set has just changed, so has the window.
    if (at.rules?.authorities.length !== authorities) return undefined;
    if (at.proposer === block.proposer)
      return `block ${block.height} and ${at.height} have one proposer of ${authorities}`;
    at = blocks.get(at.parent);
  }
  return undefined;
}
