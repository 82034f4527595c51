import { authorityIndex, sameSet, targetHeights } from "../consensus/index.ts";
import { ancestorAt } from "./branches.ts";
import type { Chain } from "./chain.ts";
import type { WeightedHeader } from "./types.ts";

type TargetChain = Pick<Chain, "finality" | "head" | "snapshot" | "tree">;

interface Stand {
  round: number;
  standsForMs: number;
}

/**
 * The block of the head's branch that `voter` may vote for; undefined if there is none yet (docs/consensus.md, section
 * 7, *target*). An authority that was voted in after the round's target votes as in a later round: others wait until a
 * quorum of the head's set has reached the round, and it would never reach it.
 */
export async function voteTarget(
  chain: TargetChain,
  { voter, ...stand }: Stand & { voter: Uint8Array },
): Promise<WeightedHeader | undefined> {
  const target = await targetOf(chain, stand);
  if (!target) return undefined;
  const { authorities } = await chain.tree.snapshotAfter(target.id);
  if (authorityIndex(authorities, voter) >= 0) return target;
  return targetOf(chain, { ...stand, round: chain.finality.justified.round + 2 });
}

/**
 * Votes are counted by the target's own set. If authorities that no longer sign were voted out, only a block with the
 * head's set can be justified.
 */
async function targetOf(
  { finality, head, snapshot, tree }: TargetChain,
  { round, standsForMs }: Stand,
): Promise<WeightedHeader | undefined> {
  const stand = { height: head.height, standsForMs };
  const heights = targetHeights(finality, stand, snapshot.parameters.periodMs, round);
  let target: WeightedHeader | undefined;
  for (const height of heights) {
    target = await ancestorAt(tree, head, height);
    const { authorities } = await tree.snapshotAfter(target.id);
    if (sameSet(authorities, snapshot.authorities)) break;
  }
  return target;
}
