import { recoveredSnapshot, recoveryId } from "../consensus/index.ts";
import { BlockError } from "../types/errors.ts";
import type { BlockRef, ChainSnapshot, Recovery } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";

/**
 * The changes that a chain's recoveries make to its rules. The list was checked and does not change while a node runs.
 */
export class Recoveries {
  /** Oldest first. */
  readonly all: readonly Recovery[];
  readonly ids: readonly Uint8Array[];

  constructor(all: readonly Recovery[] = []) {
    this.all = all;
    this.ids = all.map(recoveryId);
  }

  get newest(): Recovery | undefined {
    return this.all.at(-1);
  }

  /** The snapshot by which the next block is checked. `snapshot` is the one in the state root of block `id`. */
  after(id: Uint8Array, snapshot: ChainSnapshot): ChainSnapshot {
    const recovery = this.all.findLast(({ block }) => equalBytes(block.id, id));
    return recovery ? recoveredSnapshot(recovery) : snapshot;
  }

  /** True if people have agreed that this block is final. */
  names(id: Uint8Array): boolean {
    return this.all.some(({ block }) => equalBytes(block.id, id));
  }

  /**
   * Refuses a block at the height of a recovery's block that is a different one. @throws {BlockError} `BELOW_FINALIZED`
   */
  requireNamed({ height, id }: BlockRef): void {
    const other = this.all.find(({ block }) => block.height === height && !equalBytes(block.id, id));
    if (!other) return;
    throw new BlockError("BELOW_FINALIZED", `a recovery names ${toHex(other.block.id)} at height ${height}`);
  }

  /** The recoveries under which the block with this snapshot in its state root was made, and all blocks before it. */
  before({ recovery }: ChainSnapshot): Recoveries {
    const count = this.ids.findIndex((id) => equalBytes(id, recovery)) + 1;
    return count === this.all.length ? this : new Recoveries(this.all.slice(0, count));
  }

  /** The oldest recovery whose block is not final here yet. `finalizedRound` is that of the final checkpoint. */
  awaited(finalizedRound: number): Recovery | undefined {
    return this.all.find(({ round }) => round > finalizedRound);
  }
}
