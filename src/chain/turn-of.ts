import { authorityInTurn, difficulties, hasSignedRecently } from "../consensus/index.ts";
import type { BlockTree } from "./block-tree.ts";
import type { WeightedHeader } from "./types.ts";

/**
 * The authority in turn at a block; undefined if it had signed too recently, or nothing is known of the set. If the
 * header says that its proposer was in turn, the set of that time is not needed.
 */
export async function turnOf(
  tree: Pick<BlockTree, "findSnapshotAfter">,
  { height, header }: Pick<WeightedHeader, "height" | "header">,
): Promise<Uint8Array | undefined> {
  const { proposer, parent, difficulty } = header.message;
  if (difficulty === difficulties.inTurn) return proposer;
  const snapshot = await tree.findSnapshotAfter(parent);
  const inTurn = snapshot && authorityInTurn(snapshot, height);
  return !inTurn || hasSignedRecently(snapshot, height, inTurn) ? undefined : inTurn;
}
