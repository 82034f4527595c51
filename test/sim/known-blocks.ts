import type { Hex } from "../../src/util/bytes.ts";

/** What is known of a block, from whichever node. */
export interface KnownBlock {
  height: number;
  parent: Hex;
  proposer: Hex;
  stateRoot: Hex;
  totalDifficulty: number;
  /** Authorities after it, once a node has had it as its head. */
  authorities: number | undefined;
}

/** EIP-225: a proposer signs one of `limit` consecutive blocks. Reckoned from the blocks alone; undefined where the rule is kept. */
export function signedRecently(id: Hex, blocks: ReadonlyMap<Hex, KnownBlock>): string | undefined {
  const block = blocks.get(id)!;
  const parent = blocks.get(block.parent);
  const authorities = parent?.authorities;
  if (!parent || authorities === undefined) return undefined;
  let at: KnownBlock | undefined = parent;
  for (let distance = 1; distance <= Math.floor(authorities / 2) && at && at.height > 0; distance++) {
    // Where the set has just changed, so has the window.
    if (at.authorities !== authorities) return undefined;
    if (at.proposer === block.proposer)
      return `block ${block.height} and ${at.height} have one proposer of ${authorities}`;
    at = blocks.get(at.parent);
  }
  return undefined;
}
