import type { Chain } from "../chain/chain.ts";
import type { WeightedHeader } from "../chain/types.ts";
import { majorityHasSigned, minorityHasSigned } from "../consensus/index.ts";
import type { PeerId } from "../network/types.ts";
import { equalBytes } from "../util/bytes.ts";

/** A ready node that is this little behind fetches the blocks and stays ready: gossip may be about to deliver them. */
export const gossipGap = 3;

/** The parts of a chain that tell whether a lead is ahead of it. */
export interface OwnChain {
  readonly head: Pick<WeightedHeader, "height" | "totalDifficulty">;
  readonly reader: Pick<Chain["reader"], "canonicalId">;
}

/**
 * Checked headers of blocks that are not here. They follow one another from a block that is here, and their signatures
 * and the rules of Clique are right. It can only be made from headers that have passed these checks, so that no claim
 * can take its place.
 */
export class Lead {
  /** The peer that showed the headers. */
  readonly peer: PeerId;
  readonly heads: readonly WeightedHeader[];
  /**
   * True if a majority of the authorities must have signed the headers and there are more than gossip may be about to
   * deliver, or if people have named one of the blocks.
   */
  readonly isOfMajority: boolean;
  /** True if an honest authority has signed one of the headers, while fewer than a third are faulty. */
  readonly isOfMinority: boolean;
  /** True if one of them is a recovery's block: such headers are better than any that do not contain it. */
  readonly holdsRecovery: boolean;
  /** The height of the headers after these, if the peer has more. */
  readonly next: number | undefined;
  /**
   * The authorities after the parent of the first block. A plain object with the same public members is not a `Lead`.
   */
  readonly #authorities: readonly Uint8Array[];

  private constructor(
    { peer, heads, holdsRecovery, next }: Pick<Lead, "peer" | "heads" | "holdsRecovery" | "next">,
    authorities: readonly Uint8Array[],
  ) {
    this.peer = peer;
    this.heads = heads;
    this.holdsRecovery = holdsRecovery;
    this.next = next;
    this.#authorities = authorities;
    this.isOfMajority = holdsRecovery || this.#isLong(heads);
    this.isOfMinority = holdsRecovery || minorityHasSigned(authorities, proposersOf(heads));
  }

  /** `checked` are headers that `fetchHeaders` has returned. Undefined if all of the blocks are here. */
  static async of(
    peer: PeerId,
    { checked, isLast }: { checked: readonly WeightedHeader[]; isLast: boolean },
    { tree }: Pick<Chain, "tree">,
  ): Promise<Lead | undefined> {
    let known = 0;
    while (known < checked.length && (await tree.get(checked[known]!.id))) known++;
    const heads = checked.slice(known);
    const [first] = heads;
    if (!first) return undefined;
    const { authorities } = await tree.snapshotAfter(first.header.message.parent);
    const holdsRecovery = heads.some(({ id }) => tree.recoveries.names(id));
    const next = isLast ? undefined : heads.at(-1)!.height + 1;
    return new Lead({ peer, heads, holdsRecovery, next }, authorities);
  }

  /** The last of the blocks. */
  get top(): WeightedHeader {
    return this.heads.at(-1)!;
  }

  /**
   * True if a node with this chain is behind, once the blocks arrive. Those that are part of its chain do not count:
   * gossip may have brought them meanwhile.
   */
  async showsBehind(own: OwnChain): Promise<boolean> {
    if (this.holdsRecovery) return true;
    if (this.top.totalDifficulty <= own.head.totalDifficulty) return false;
    return this.#isLong(await this.#missing(own));
  }

  /** Returns the headers after the last one that belongs to the chain. */
  async #missing({ head, reader }: OwnChain): Promise<readonly WeightedHeader[]> {
    const { heads } = this;
    let place = Math.min(head.height - heads[0]!.height, heads.length - 1);
    for (; place >= 0; place--) {
      const { height, id } = heads[place]!;
      const canonical = await reader.canonicalId(height);
      if (canonical && equalBytes(canonical, id)) break;
    }
    return heads.slice(place + 1);
  }

  #isLong(heads: readonly WeightedHeader[]): boolean {
    if (heads.length <= gossipGap) return false;
    return majorityHasSigned(this.#authorities, proposersOf(heads));
  }
}

function proposersOf(heads: readonly WeightedHeader[]): Uint8Array[] {
  return heads.map(({ header }) => header.message.proposer);
}
