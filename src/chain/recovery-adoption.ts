import { recoveryId } from "../consensus/index.ts";
import { damaged } from "../storage/damaged.ts";
import type { Recovery } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { BlockReader } from "./block-reader.ts";
import type { BlockTree } from "./block-tree.ts";
import type { CanonicalChain } from "./canonical.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { ForkBlocks } from "./fork-blocks.ts";

/** Blocks that are left with one commit: all of them are in memory meanwhile. */
const leftAtOnce = 64;

export interface RecoveryAdoptionOptions {
  tree: BlockTree;
  reader: BlockReader;
  canonical: CanonicalChain;
  checkpoints: Checkpoints;
  forks: ForkBlocks;
  pause: Pause;
  logger: Logger;
  /** The block of a recovery is final now. The head may be on another branch still. */
  onAdopted(): void;
}

/** Makes the blocks of the recoveries that a node was given final. One call at a time. */
export class RecoveryAdoption {
  readonly #options: RecoveryAdoptionOptions;

  constructor(options: RecoveryAdoptionOptions) {
    this.#options = options;
  }

  /** The oldest recovery whose block has not come yet. */
  get awaited(): Recovery | undefined {
    const { tree, checkpoints } = this.#options;
    return tree.recoveries.awaited(checkpoints.finalized.round);
  }

  /**
   * Begins to go on from recoveries that came with this start. What is above their blocks was made before: its transactions go back to
   * the mempool. Whatever ends it, the next start does the rest.
   */
  async start(): Promise<void> {
    const { tree } = this.#options;
    for (let recovery = this.awaited; recovery; recovery = this.awaited) {
      const { height, id } = recovery.block;
      const isHere = (await tree.get(id)) !== undefined;
      // If it is not here, this node's block at that height is another.
      await this.#leaveAbove(isHere ? recovery.block : { height: height - 1 });
      if (!isHere) return;
      await this.#adopt(recovery);
    }
  }

  /** Blocks have come. Those on a recovery's block were made under the recovery. Returns true if a block has become final by it. */
  async arrived(): Promise<boolean> {
    let adopted = false;
    for (let recovery = this.awaited; recovery; recovery = this.awaited) {
      if (!(await this.#options.tree.get(recovery.block.id))) break;
      await this.#adopt(recovery);
      adopted = true;
    }
    return adopted;
  }

  async #leaveAbove({ height, id }: { height: number; id?: Uint8Array }): Promise<void> {
    const { tree, reader, canonical, forks, pause } = this.#options;
    const own = await reader.canonicalId(height);
    // On another branch, the head moves with what becomes final.
    const isOwn = own !== undefined && (!id || equalBytes(own, id));
    while (isOwn && canonical.head.height > height) {
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
      "GOES ON FROM A RECOVERY: its block is final, and its authorities make the next ones",
    );
    onAdopted();
  }
}
