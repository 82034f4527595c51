import type { Authority, BlockSummary, Genesis, Status } from "../client/index.ts";

/** Figures of the chain, made of its newest blocks (newest first). */

export interface Sample {
  /** Label for people. */
  label: string;
  value: number;
}

const rateWindowMs = 60_000;

/** Between each block and the one below it, ms; oldest first. */
export function intervals(blocks: readonly BlockSummary[]): Sample[] {
  return pairs(blocks, (block, below) => block.timestamp - below.timestamp);
}

/** Transactions a second of each block, oldest first. */
export function transactionRates(blocks: readonly BlockSummary[]): Sample[] {
  return pairs(blocks, (block, below) => rate(block.transactionCount, block.timestamp - below.timestamp));
}

export function sizes(blocks: readonly BlockSummary[]): Sample[] {
  return blocks.map(({ height, bytes }) => ({ label: `block ${height}`, value: bytes })).reverse();
}

/** Transactions a second over the last minute, or as far as the blocks reach. `nowMs`: by the node's clock. */
export function recentRate(blocks: readonly BlockSummary[], nowMs: number): number {
  const recent = blocks.filter(({ timestamp, height }) => timestamp > nowMs - rateWindowMs && height > 0);
  const transactions = recent.reduce((sum, { transactionCount }) => sum + transactionCount, 0);
  const sinceMs = Math.max(nowMs - rateWindowMs, blocks.at(-1)?.timestamp ?? 0);
  return rate(transactions, nowMs - sinceMs);
}

export function mean(samples: readonly Sample[]): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
}

/** When the next block is due, by the node's clock; undefined where the chain waits for a transaction. */
export function nextBlockMs(
  head: { timestamp: number; height: number },
  { mempool }: Pick<Status, "mempool">,
  { periodMs, emptyBlockPeriodMs }: Pick<Genesis, "periodMs" | "emptyBlockPeriodMs">,
): number | undefined {
  if (mempool.count > 0) return head.timestamp + periodMs;
  return emptyBlockPeriodMs === 0 ? undefined : head.timestamp + Math.max(periodMs, emptyBlockPeriodMs);
}

/** The next block's proposer unless it is away: the one in turn, or the first after it that may sign. */
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
      // The genesis block may be as old as it likes.
      .filter(({ height }) => height > 1)
      .map((block, index) => ({ label: `block ${block.height}`, value: measure(block, blocks[index + 1]!) }))
      .reverse()
  );
}

function rate(transactions: number, ms: number): number {
  return ms > 0 ? (transactions * 1000) / ms : 0;
}
