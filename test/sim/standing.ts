import { maxRoundTimeoutMs } from "../../src/consensus/index.ts";
import type { Checkpoint } from "../../src/types/index.ts";
import { equalBytes, toHex } from "../../src/util/bytes.ts";
import type { SimNode } from "./node.ts";

/**
 * The longest time-out of a round, for which an authority with old data listens before blocks alone can end its doubt.
 */
const listensMs = maxRoundTimeoutMs;
/** Then the others may be in a round that a vote of a faulty authority makes hopeful, for its longest time-out. */
const lastRoundMs = maxRoundTimeoutMs;

/**
 * Returns the time until all must be well after the last fault. An authority with old data may need a block of each
 * other one before it votes, and then two more for its vote to make a block final; they may be empty ones, or signs of
 * life where there are none.
 */
export function settleMs(nodes: readonly SimNode[]): number {
  const snapshots = nodes.flatMap(({ services }) => services?.chain.snapshot ?? []);
  const blocksMs = snapshots.map(
    ({ authorities, parameters: { periodMs, emptyBlockPeriodMs } }) =>
      (authorities.length + 2) * Math.max(periodMs, emptyBlockPeriodMs),
  );
  return listensMs + Math.max(0, ...blocksMs) + lastRoundMs;
}

/** Formats a checkpoint's round, height and block. */
export function nameOf({ round, height, block }: Checkpoint): string {
  return `${round}/${height} ${toHex(block).slice(2, 8)}`;
}

/**
 * True if the newest final block of any node is on the chain of each, and the last transfer is in a block that is final
 * everywhere, above the block that was final before. One head for all is too much to ask: where blocks come faster than
 * a disk writes, some node is always behind by a block.
 */
export async function isCalm(
  nodes: readonly SimNode[],
  last: Uint8Array,
  finalizedBefore: number,
): Promise<boolean> {
  const chains = nodes.map(({ services }) => services!.chain);
  const newest = chains.map(({ finalized }) => finalized).reduce((a, b) => (b.height > a.height ? b : a));
  for (const chain of chains) {
    const id = await chain.reader.canonicalId(newest.height);
    if (!id || !equalBytes(id, newest.id)) return false;
    if (chain.finalized.height <= finalizedBefore) return false;
    const included = await chain.reader.transaction(last);
    if (!included || included.block.height > chain.finalized.height) return false;
  }
  return true;
}

/** Describes the state of a node for a report. */
export function standing({ name, services, mode }: SimNode): string {
  if (!services) return `${name} ${mode}`;
  const { head, finality } = services.chain;
  const { justified, finalized } = finality;
  return `${name} ${mode} head ${head.height} ${head.idHex.slice(2, 8)} justified ${justified.round}/${justified.height} final ${finalized.round}/${finalized.height} pool ${services.mempool.count}`;
}
