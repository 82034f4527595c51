import type { Authority, BlockRef, BlockSummary, Genesis, Status } from "../client/index.ts";

/** Figures of the chain, computed from its newest blocks (newest first). */

export interface Sample {
  /** The label for people. */
  label: string;
  value: number;
}

const rateWindowMs = 60_000;

/** Returns the times between each block and its parent in ms, oldest first. */
export function intervals(blocks: readonly BlockSummary[]): Sample[] {
  return pairs(blocks, (block, below) => block.timestamp - below.timestamp);
}

/** Returns the transactions a second of each block, oldest first. */
export function transactionRates(blocks: readonly BlockSummary[]): Sample[] {
  return pairs(blocks, (block, below) => rate(block.transactionCount, block.timestamp - below.timestamp));
}

export function sizes(blocks: readonly BlockSummary[]): Sample[] {
  return blocks.map(({ height, bytes }) => ({ label: `block ${height}`, value: bytes })).reverse();
}

/** Returns the transactions a second over the last minute, or over the given blocks. `nowMs` is the node's time. */
export function recentRate(blocks: readonly BlockSummary[], nowMs: number): number {
  const recent = blocks.filter(({ timestamp, height }) => timestamp > nowMs - rateWindowMs && height > 0);
  const transactions = recent.reduce((sum, { transactionCount }) => sum + transactionCount, 0);
  const sinceMs = Math.max(nowMs - rateWindowMs, blocks.at(-1)?.timestamp ?? 0);
  return rate(transactions, nowMs - sinceMs);
}

export function mean(samples: readonly Sample[]): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
}

/** Returns when the next block is due by the node's clock; undefined if the chain waits for a transaction. */
export function nextBlockMs(
  head: { timestamp: number; height: number },
  { mempool }: Pick<Status, "mempool">,
  { periodMs, emptyBlockPeriodMs }: Pick<Genesis, "periodMs" | "emptyBlockPeriodMs">,
): number | undefined {
  if (mempool.count > 0) return head.timestamp + periodMs;
  return emptyBlockPeriodMs === 0 ? undefined : head.timestamp + Math.max(periodMs, emptyBlockPeriodMs);
}

/** The time after which a block that is due counts as late. */
export const lateMs = 1_500;

/**
 * Returns what plots show of a halt, as their last samples: the time without a block, and since when nothing is final.
 * Undefined while the next block is not late. `nowMs` is the node's time.
 */
export function haltSamples(
  {
    status,
    genesis,
    blocks,
  }: { status: Status | undefined; genesis: Genesis | undefined; blocks: readonly BlockSummary[] },
  nowMs: number,
): { interval: Sample; rate: Sample; finality: Sample | undefined } | undefined {
  const head = blocks[0];
  const dueMs = status && genesis && head && nextBlockMs(head, status, genesis);
  if (!dueMs || nowMs - dueMs <= lateMs) return undefined;
  const label = `after block ${head.height}`;
  const waiting = blocks.findLast(({ height }) => height > (status.finalized?.height ?? head.height));
  return {
    interval: { label, value: nowMs - head.timestamp },
    rate: { label, value: 0 },
    finality: waiting && { label: `block ${waiting.height}`, value: nowMs - waiting.timestamp },
  };
}

/** Returns the expected proposer of the next block: the authority in turn, or the first one after it that may sign. */
export function expectedProposer(authorities: readonly Authority[]): Authority | undefined {
  const turn = authorities.findIndex(({ inTurn }) => inTurn);
  return [...authorities.slice(turn), ...authorities.slice(0, turn)].find(({ maySign }) => maySign);
}

function pairs(
  blocks: readonly BlockSummary[],
  measure: (block: BlockSummary, below: BlockSummary) => number,
): Sample[] {
  return (
    blocks
      .slice(0, -1)
      // The first interval says nothing: the genesis block may be much older than the first block.
      .filter(({ height }) => height > 1)
      .map((block, index) => ({ label: `block ${block.height}`, value: measure(block, blocks[index + 1]!) }))
      .reverse()
  );
}

function rate(transactions: number, ms: number): number {
  return ms > 0 ? (transactions * 1000) / ms : 0;
}

/** The final block to show: the one that an event has `told` of if it is newer, but none above the shown head. */
export function shownFinal(
  finalized: BlockRef | null,
  told: BlockRef | undefined,
  head: BlockRef | null,
): BlockRef | null {
  if (!finalized || !head || !told) return finalized;
  return told.height > finalized.height && told.height <= head.height ? told : finalized;
}
