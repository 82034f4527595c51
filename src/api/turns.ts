import type { Chain } from "../chain/chain.ts";
import type { WeightedHeader } from "../chain/types.ts";
import { difficulties, hasSignedRecently } from "../consensus/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";

/** Enough turns of every authority of a common set, and cheap to count again for each answer. */
const countedBlocks = 256;

/** The turns of one authority, without those from which the recent-signer rule kept it. */
export interface Turns {
  turns: number;
  /** Turns in which others made the block. */
  missedTurns: number;
  /** The newest of its own blocks. */
  lastBlock: { height: number; timestamp: number } | null;
}

export const noTurns: Turns = { turns: 0, missedTurns: 0, lastBlock: null };

/** The turns and proposers of the newest canonical blocks, from `fromHeight` on, by address. */
export async function countTurns({
  reader,
  tree,
  head,
}: Pick<Chain, "reader" | "tree" | "head">): Promise<{ fromHeight: number; byAuthority: Map<Hex, Turns> }> {
  const byAuthority = new Map<Hex, Turns>();
  const update = (authority: Uint8Array, change: (turns: Turns) => Partial<Turns>) => {
    const key = toHex(authority);
    const turns = byAuthority.get(key) ?? noTurns;
    byAuthority.set(key, { ...turns, ...change(turns) });
  };
  const count = Math.min(countedBlocks, head.height);
  const ids = count === 0 ? [] : await reader.idsDown(head.height, count);
  for (const id of ids) {
    const block = await tree.get(id);
    if (!block) continue;
    const { proposer, timestamp } = block.header.message;
    const made = { height: block.height, timestamp };
    update(proposer, ({ lastBlock }) => ({ lastBlock: lastBlock ?? made }));
    const inTurn = await turnOf(tree, block);
    if (!inTurn) continue;
    const missed = inTurn === proposer ? 0 : 1;
    update(inTurn, ({ turns, missedTurns }) => ({ turns: turns + 1, missedTurns: missedTurns + missed }));
  }
  return { fromHeight: head.height - ids.length + 1, byAuthority };
}

/**
 * The authority in turn at a block. The header tells whether its proposer was; only otherwise the set of that time is
 * needed.
 */
async function turnOf(
  tree: Chain["tree"],
  { height, header }: WeightedHeader,
): Promise<Uint8Array | undefined> {
  const { proposer, parent, difficulty } = header.message;
  if (difficulty === difficulties.inTurn) return proposer;
  const snapshot = await tree.snapshotAfter(parent);
  const inTurn = snapshot.authorities[height % snapshot.authorities.length]!;
  return hasSignedRecently(snapshot, height, inTurn) ? undefined : inTurn;
}
