import { difficulties, firstInLine } from "../consensus/index.ts";
import type { BlockTree } from "./block-tree.ts";
import type { WeightedHeader } from "./types.ts";

/**
 * The authority that a block was expected from: the one in turn, or the next after it that might sign. Undefined if
 * nothing is known of the set. The header tells whether its proposer was in turn; only otherwise the set of that time
 * is needed.
 */
export async function turnOf(
  tree: Pick<BlockTree, "findSnapshotAfter">,
  { height, header }: Pick<WeightedHeader, "height" | "header">,
): Promise<Uint8Array | undefined> {
  const { proposer, parent, difficulty } = header.message;
  if (difficulty === difficulties.inTurn) return proposer;
  const snapshot = await tree.findSnapshotAfter(parent);
  return snapshot && firstInLine(snapshot, height);
}
