import { recoveryId } from "../consensus/index.ts";
import { damaged } from "../storage/damaged.ts";
import type { Recovery } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { BlockReader } from "./block-reader.ts";
import type { BlockTree } from "./block-tree.ts";
import type { CanonicalChain } from "./canonical.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { ForkBlocks } from "./fork-blocks.ts";

/** Blocks that are abandoned in one commit: all of them are in memory meanwhile. */
const leftAtOnce = 64;

export interface RecoveryAdoptionOptions {
  tree: BlockTree;
  reader: BlockReader;
  canonical: CanonicalChain;
  checkpoints: Checkpoints;
  forks: ForkBlocks;
  pause: Pause;
  logger: Logger;
  /** The block of a recovery is final now. The head may still be on another branch. */
  onAdopted(): void;
}

/** Makes the blocks of the recoveries that a node was given final. Allows one call at a time. */
export class RecoveryAdoption {
  readonly #options: RecoveryAdoptionOptions;

  constructor(options: RecoveryAdoptionOptions) {
    this.#options = options;
  }

  /** The oldest recovery whose block has not arrived yet. */
  get awaited(): Recovery | undefined {
    const { tree, checkpoints } = this.#options;
    return tree.recoveries.awaited(checkpoints.finalized.round);
  }

  /**
   * Follows the recoveries that the node was given with this start. Blocks above theirs were made before; their
   * transactions return to the mempool. If this is interrupted, the next start does the rest.
   */
  async start(): Promise<void> {
    const { tree } = this.#options;
    if (this.awaited) {
      const { block } = this.awaited;
      const isHere = (await tree.get(block.id)) !== undefined;
      // If the recovery's block is not here, this node's block at that height is another one.
      await this.#leaveAbove(isHere ? block.height : block.height - 1);
    }
    tree.enforceRecoveries();
    await this.arrived();
  }

  /**
   * Blocks have arrived. Those on a recovery's block were made under the recovery. Returns true if this has made a
   * block final.
   */
  async arrived(): Promise<boolean> {
    let adopted = false;
    for (let recovery = this.awaited; recovery; recovery = this.awaited) {
      if (!(await this.#options.tree.get(recovery.block.id))) break;
      await this.#adopt(recovery);
      adopted = true;
    }
    return adopted;
  }

  /** If another block is left at this height, the head moves when the recovery's becomes final. */
  async #leaveAbove(height: number): Promise<void> {
    const { tree, reader, canonical, forks, pause } = this.#options;
    while (canonical.head.height > height) {
      const at = Math.max(height, canonical.head.height - leftAtOnce);
      const target = (await reader.canonicalId(at)) ?? damaged(`block ${at} is missing`);
      await canonical.goBackTo(await tree.require(target));
      await pause();
    }
    for (;;) {
      const deleted = await forks.sweepAbove(height);
      for (const block of deleted) tree.forget(toHex(block.id));
      if (deleted.length === 0) return;
      await pause();
    }
  }

  async #adopt(recovery: Recovery): Promise<void> {
    const { checkpoints, logger, onAdopted } = this.#options;
    await checkpoints.recover(recovery);
    const { height, id } = recovery.block;
    logger.warn(
      {
        height,
        id: toHex(id),
        recovery: toHex(recoveryId(recovery)),
        authorities: recovery.authorities.length,
      },
      "THE CHAIN GOES ON FROM A RECOVERY: its block is final, and its authorities make the next blocks",
    );
    onAdopted();
  }
}
