import type { PeerId } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Head } from "../chain/types.ts";
import { majorityHasSigned } from "../consensus/index.ts";

/** A ready node this little behind fetches the blocks and stays ready: their gossip may just be on its way. */
export const gossipGap = 3;

/**
 * Checked headers of blocks that are not here: they follow one another from a block that is, their signatures and the rules of Clique
 * are right. Made from headers that have passed these checks only, so that no claim can take its place.
 */
export class Lead {
  /** The peer that showed the headers. */
  readonly peer: PeerId;
  readonly heads: readonly Head[];
  /** A majority of the authorities must have signed them, and they are more than gossip has on its way; or people have named one of them. */
  readonly isOfMajority: boolean;
  /** One of them is a recovery's block: these are better than any that do not hold it. */
  readonly holdsRecovery: boolean;
  /** The headers after these, where the peer has more. */
  readonly next: number | undefined;
  /** Nobody else makes one: a value of this shape is none. */
  readonly #checked = true;

  private constructor(
    peer: PeerId,
    heads: readonly Head[],
    { isOfMajority, holdsRecovery, next }: Pick<Lead, "isOfMajority" | "holdsRecovery" | "next">,
  ) {
    this.peer = peer;
    this.heads = heads;
    this.isOfMajority = isOfMajority;
    this.holdsRecovery = holdsRecovery;
    this.next = next;
  }

  /** `checked`: headers that `fetchHeaders` has returned. Undefined where all of them are here. */
  static async of(
    peer: PeerId,
    { checked, isLast }: { checked: readonly Head[]; isLast: boolean },
    { tree }: Pick<Chain, "tree">,
  ): Promise<Lead | undefined> {
    let known = 0;
    while (known < checked.length && (await tree.get(checked[known]!.id))) known++;
    const heads = checked.slice(known);
    const [first] = heads;
    if (!first) return undefined;
    const { authorities } = await tree.snapshotAfter(first.header.message.parent);
    const proposers = heads.map(({ header }) => header.message.proposer);
    const holdsRecovery = heads.some(({ id }) => tree.recoveries.names(id));
    const isSigned = heads.length > gossipGap && majorityHasSigned(authorities, proposers);
    const isOfMajority = holdsRecovery || isSigned;
    const next = isLast ? undefined : heads.at(-1)!.height + 1;
    return new Lead(peer, heads, { isOfMajority, holdsRecovery, next });
  }

  /** The last of the blocks. */
  get top(): Head {
    return this.heads.at(-1)!;
  }

  /** True if a node with this head is behind, once the blocks come. */
  showsBehind(head: Pick<Head, "totalDifficulty">): boolean {
    if (!this.#checked || !this.isOfMajority) return false;
    return this.holdsRecovery || this.top.totalDifficulty > head.totalDifficulty;
  }
}
