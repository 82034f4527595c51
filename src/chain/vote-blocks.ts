import { signerLimit } from "../consensus/index.ts";
import type { ChainSnapshot, Header } from "../types/index.ts";

const firstPauseMs = 60_000;
const longestPauseMs = 24 * 3_600_000;

/** The series of blocks after the newest open vote that a block is in; undefined up to the block of that vote. */
export function seriesAt(
  { authorities, openVotes }: Pick<ChainSnapshot, "authorities" | "openVotes">,
  height: number,
): { number: number; first: number; isOver: boolean } | undefined {
  if (openVotes.length === 0) return undefined;
  const newest = Math.max(...openVotes.map((vote) => vote.height));
  if (height <= newest) return undefined;
  const since = height - newest;
  const length = Math.max(1, signerLimit(authorities.length) - 1);
  const number = Math.ceil(since / length);
  return { number, first: newest + 1 + (number - 1) * length, isOver: since % length === 0 };
}

/**
 * The time from which a block without transactions is due because a vote is open; infinite if none is. An authority
 * votes in its next block, and until others have signed it may make none, so a chain that makes no empty blocks would
 * keep its vote waiting.
 *
 * The newest open vote is followed by as many blocks as bar an authority. After each such series everybody who is there
 * may sign, or has signed. The series come after pauses that double, so a vote that finds no majority costs little.
 * `snapshot` is the one after the head. `isAnswered` tells whether others complete a series that begins at a height.
 */
export function voteBlockDueMs(
  snapshot: ChainSnapshot,
  { height, timestamp }: Pick<Header, "height" | "timestamp">,
  isAnswered: (first: number) => boolean = () => true,
): number {
  const { openVotes, parameters } = snapshot;
  if (openVotes.length === 0) return Number.POSITIVE_INFINITY;
  const series = seriesAt(snapshot, height);
  if (!series || (!series.isOver && isAnswered(series.first))) return timestamp + parameters.periodMs;
  return timestamp + Math.min(firstPauseMs * 2 ** (series.number - 1), longestPauseMs);
}
