import { damaged } from "../storage/damaged.ts";
import type { BlockRef } from "../types/index.ts";
import { equalBytes, type Hex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import type { BlockTree } from "./block-tree.ts";
import type { WeightedHeader } from "./types.ts";

/**
 * Cached answers about blocks of side branches, so that a long branch is walked once and not for each of its blocks.
 */
const rememberedAnswers = 4096;
/** Nearer ancestors are found by walking; for further ones the index of the canonical chain is used. */
const nearBlocks = 64;

/** The fork choice: EIP-3436's order among the branches that contain the highest justified block. */
export class Branches {
  readonly #tree: BlockTree;
  readonly #forks: () => Iterable<BlockRef>;
  #root: BlockRef;
  readonly #descends = new LruMap<Hex, boolean>(rememberedAnswers);

  /** `root` is the highest justified block. `forks` are all known blocks of side branches. */
  constructor(tree: BlockTree, root: BlockRef, forks: () => Iterable<BlockRef>) {
    this.#tree = tree;
    this.#root = root;
    this.#forks = forks;
  }

  /**
   * From now on only branches with this block can win. The others are kept, because a later root may be on one of them.
   */
  setRoot(root: BlockRef): void {
    if (equalBytes(root.id, this.#root.id)) return;
    this.#root = root;
    this.#descends.clear();
  }

  /** True if the branch that ends in `candidate` replaces the one that ends in `head`. */
  async prefers(candidate: WeightedHeader, head: WeightedHeader): Promise<boolean> {
    if (!(await this.holdsRoot(candidate))) return false;
    if (!(await this.holdsRoot(head))) return true;
    return this.#tree.isBetter(candidate, head);
  }

  /**
   * The best block of the branches that contain the root: the head, or a block of a side branch; the root itself if
   * there is none.
   */
  async best(head: WeightedHeader): Promise<WeightedHeader> {
    // The previous root may have been found invalid since. Other branches have then lost an ancestor with it.
    this.#descends.clear();
    let best = (await this.holdsRoot(head)) ? head : await this.#tree.require(this.#root.id);
    for (const { id } of this.#forks()) {
      const candidate = await this.#tree.get(id);
      if (!candidate || !(await this.#tree.isBetter(candidate, best))) continue;
      if (await this.holdsRoot(candidate)) best = candidate;
    }
    return best;
  }

  /**
   * True if a block is the root or descends from it. A descendant of a block that was found invalid, and is deleted,
   * does not.
   */
  async holdsRoot(head: WeightedHeader): Promise<boolean> {
    const walked: Hex[] = [];
    let at = head;
    let answer: boolean | undefined;
    for (;;) {
      if (at.height <= this.#root.height) answer = equalBytes(at.id, this.#root.id);
      else answer = this.#descends.get(at.idHex);
      if (answer === undefined && walked.length >= nearBlocks) {
        const ancestor = await findAncestor(this.#tree, at, this.#root.height);
        answer = ancestor !== undefined && equalBytes(ancestor.id, this.#root.id);
      }
      if (answer !== undefined) break;
      walked.push(at.idHex);
      const parent = await this.#tree.get(at.header.message.parent);
      if (!parent) {
        answer = false;
        break;
      }
      at = parent;
    }
    for (const idHex of walked) this.#descends.set(idHex, answer);
    return answer;
  }
}

/** True if `ancestor` is `head` or one of its ancestors. */
export async function isAncestor(
  tree: BlockTree,
  ancestor: BlockRef,
  head: WeightedHeader,
): Promise<boolean> {
  if (ancestor.height > head.height) return false;
  return equalBytes((await ancestorAt(tree, head, ancestor.height)).id, ancestor.id);
}

/**
 * The block at this height, which is at most the head's, of the branch that ends in `head`. @throws {CodedError}
 * `DAMAGED`
 */
export async function ancestorAt(
  tree: BlockTree,
  head: WeightedHeader,
  height: number,
): Promise<WeightedHeader> {
  return (await findAncestor(tree, head, height)) ?? damaged(`an ancestor of block ${head.idHex} is missing`);
}

/** The ancestor of `head` at a height; undefined if a block in between is missing. */
export async function findAncestor(
  tree: BlockTree,
  head: WeightedHeader,
  height: number,
): Promise<WeightedHeader | undefined> {
  let at: WeightedHeader | undefined = head;
  for (let steps = 1; at && at.height > height; steps++) {
    if (steps % nearBlocks === 0) {
      const known = await tree.canonicalAncestor(at, height);
      if (known) return known;
    }
    at = await tree.get(at.header.message.parent);
  }
  return at;
}
