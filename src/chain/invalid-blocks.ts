import { damaged } from "../storage/damaged.ts";
import { BlockError } from "../types/errors.ts";
import type { BlockRef } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import type { BlockTree, BrokenBranch } from "./block-tree.ts";
import type { ForkBlocks } from "./fork-blocks.ts";
import type { ChainStores } from "./stores.ts";

/** Ids that are remembered; a forgotten block is executed again. */
const remembered = 1024;

/**
 * Blocks that were found invalid after their header had passed. They and their children are refused at once and are not
 * stored.
 */
export class InvalidBlocks {
  readonly #stores: ChainStores;
  readonly #tree: BlockTree;
  readonly #forks: ForkBlocks;
  readonly #ids = new LruMap<Hex, true>(remembered);

  constructor(stores: ChainStores, tree: BlockTree, forks: ForkBlocks) {
    this.#stores = stores;
    this.#tree = tree;
    this.#forks = forks;
  }

  has(id: Hex): boolean {
    return this.#ids.has(id);
  }

  /** Stage 2.1. @throws {BlockError} `KNOWN_INVALID`, `INVALID_ANCESTOR` */
  refuse(id: Hex, parent: Hex): void {
    if (this.#ids.has(id)) throw new BlockError("KNOWN_INVALID", id);
    if (!this.#ids.has(parent)) return;
    this.#ids.set(id, true);
    throw new BlockError("INVALID_ANCESTOR", `its parent ${parent} is invalid`);
  }

  /** A block that is not stored, and whose signed header names invalid transactions. */
  note(id: Uint8Array): void {
    this.#ids.set(toHex(id), true);
  }

  async add(blocks: readonly BlockRef[]): Promise<void> {
    for (const { id } of blocks) this.#ids.set(toHex(id), true);
    await this.#remove(blocks);
  }

  /**
   * A new block builds on stored blocks of which an ancestor is missing. That ancestor was found invalid when these
   * were not examined, and they are removed too. Blocks that are not known to be invalid can be downloaded again.
   * @throws {BlockError} `INVALID_ANCESTOR`, `UNKNOWN_PARENT`. {CodedError} `DAMAGED` if the canonical chain is broken.
   */
  async refuseBranch({ blocks, missing }: BrokenBranch, newcomer: BlockRef): Promise<never> {
    const lowest = blocks.at(-1)!;
    const canonical = await this.#stores.blocks.canonicalId(lowest.height);
    if (canonical && equalBytes(canonical, lowest.id)) damaged(`block ${toHex(missing)} is missing`);
    if (this.#ids.has(toHex(missing))) {
      await this.add([...blocks, newcomer]);
      throw new BlockError("INVALID_ANCESTOR", `its ancestor ${toHex(missing)} is invalid`);
    }
    await this.#remove(blocks);
    throw new BlockError("UNKNOWN_PARENT", `its ancestor ${toHex(missing)} is not known`);
  }

  async #remove(blocks: readonly BlockRef[]): Promise<void> {
    for (const { id } of blocks) this.#tree.forget(toHex(id));
    const writes = await Promise.all(blocks.map((block) => this.#stores.blocks.delete(block)));
    await this.#stores.database.commit(writes.flat());
    for (const { id } of blocks) this.#forks.remove(toHex(id));
  }
}
