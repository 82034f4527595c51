import type { FinalityStatus } from "../consensus/index.ts";
import { BlockError } from "../types/errors.ts";
import type { Certificate } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { BlockReader } from "./block-reader.ts";
import type { BlockTree } from "./block-tree.ts";
import type { Branches } from "./branches.ts";
import type { CanonicalChain } from "./canonical.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { ForkBlocks } from "./fork-blocks.ts";
import type { RecoveryAdoption } from "./recovery-adoption.ts";

export interface FinalityFollowerOptions {
  tree: BlockTree;
  reader: BlockReader;
  canonical: CanonicalChain;
  checkpoints: Checkpoints;
  branches: Branches;
  forks: ForkBlocks;
  recovery: RecoveryAdoption;
  pause: Pause;
  logger: Logger;
  /** A higher checkpoint is justified, and perhaps one is final; the head has followed. */
  onFinality(status: FinalityStatus): void;
}

/**
 * Keeps the head on the branch of the highest justified block, and deletes the blocks that finality has passed. Allows
 * one call at a time.
 */
export class FinalityFollower {
  readonly #options: FinalityFollowerOptions;

  constructor(options: FinalityFollowerOptions) {
    this.#options = options;
  }

  /**
   * Continues from recoveries that were given since the last start, and completes what the last process may have left
   * undone.
   */
  async start(): Promise<void> {
    await this.#options.recovery.start();
    await this.#followJustified();
    while (await this.#sweep()) await this.#options.pause();
  }

  /** @throws {CodedError} `CONFLICTING_FINALITY` */
  async justify(certificate: Certificate): Promise<void> {
    const { checkpoints, branches, logger, onFinality } = this.#options;
    const before = checkpoints.status;
    if (!(await checkpoints.add(certificate))) return;
    const { status, finalized, justified } = checkpoints;
    branches.setRoot(justified);
    await this.#followJustified();
    if (status.finalized !== before.finalized) {
      const { height, round, id } = finalized;
      // A block that no newer one follows is made final by each further round.
      const level = before.finalized.height < height ? "info" : "debug";
      logger[level]({ height, id: toHex(id), round }, "block finalized");
      // This is one bounded step. The rest is deleted with the next final block, or by the next start.
      await this.#sweep();
    }
    onFinality(status);
  }

  /** Blocks have arrived, perhaps those of a recovery, which makes them final. */
  async onBlocks(): Promise<void> {
    if (await this.#options.recovery.arrived()) await this.#followJustified();
  }

  /**
   * Moves to the best head that descends from the highest justified block. That may be another one even if the head
   * descends from it: a later round may justify an ancestor of what an earlier one did.
   */
  async #followJustified(): Promise<void> {
    const { branches, canonical, checkpoints, reader } = this.#options;
    for (;;) {
      const best = await branches.best(canonical.head);
      if (best.idHex === canonical.head.idHex) return;
      try {
        await canonical.moveTo(await reader.canonicalBlock(best), [], () => undefined);
      } catch (error) {
        // The invalid end of the branch is deleted now. The justified block itself was executed by a quorum.
        if (!(error instanceof BlockError) || equalBytes(best.id, checkpoints.justified.id)) throw error;
      }
    }
  }

  /** Deletes some of the blocks that can no longer become canonical. Returns false if there are none. */
  async #sweep(): Promise<boolean> {
    const { forks, checkpoints, tree } = this.#options;
    const deleted = await forks.sweep(checkpoints.finalized);
    for (const { id } of deleted) tree.forget(toHex(id));
    return deleted.length > 0;
  }
}
