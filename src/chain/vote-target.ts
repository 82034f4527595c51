import { sameSet, targetHeights } from "../consensus/index.ts";
import { ancestorAt } from "./branches.ts";
import type { Chain } from "./chain.ts";
import type { WeightedHeader } from "./types.ts";

/**
 * The block of the head's branch to vote for; undefined if there is none yet (docs/consensus.md, section 7, *target*).
 * Votes are counted by the target's own set. If authorities that no longer sign were voted out, only a block with the
 * head's set can be justified.
 */
export async function voteTarget(
  { finality, head, snapshot, tree }: Pick<Chain, "finality" | "head" | "snapshot" | "tree">,
  { round, standsForMs }: { round: number; standsForMs: number },
): Promise<WeightedHeader | undefined> {
  const stand = { height: head.height, standsForMs };
  const heights = targetHeights(finality, stand, snapshot.parameters.periodMs, round);
  let target: WeightedHeader | undefined;
  for (const height of heights) {
    target = await ancestorAt(tree, head, height);
    if (height === heights.at(-1)) break;
    const { authorities } = await tree.snapshotAfter(target.id);
    if (sameSet(authorities, snapshot.authorities)) break;
  }
  return target;
}
