import type { Chain } from "../chain/chain.ts";
import { turnOf } from "../chain/turn-of.ts";
import { sameAddress } from "../consensus/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";

/** Enough turns of every authority of a common set, and cheap to count again for each answer. */
const countedBlocks = 256;

/** The heights of the blocks that were expected from one authority, newest first. */
export interface Turns {
  made: readonly number[];
  /** The expected blocks that others made instead. */
  missed: readonly number[];
  /** The newest of its own blocks. */
  lastBlock: { height: number; timestamp: number } | null;
}

export const noTurns: Turns = { made: [], missed: [], lastBlock: null };

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
    const expected = await turnOf(tree, block);
    if (!expected) continue;
    const list = sameAddress(expected, proposer) ? "made" : "missed";
    update(expected, (turns) => ({ [list]: [...turns[list], block.height] }));
  }
  return { fromHeight: head.height - ids.length + 1, byAuthority };
}
