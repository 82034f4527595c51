import { signerLimit } from "../consensus/index.ts";
import type { ChainSnapshot, Header } from "../types/index.ts";

const firstPauseMs = 60_000;
const longestPauseMs = 24 * 3_600_000;

/**
 * The time from which a block without transactions is due because a vote is open; infinite if none is. An authority
 * votes in its next block, and until others have signed it may make none, so a chain that makes no empty blocks would
 * keep its vote waiting.
 *
 * The newest open vote is followed by as many blocks as bar an authority. After each such series everybody who is there
 * may sign, or has signed. The series come after pauses that double, so a vote that finds no majority costs little.
 * `snapshot` is the one after the head.
 */
export function voteBlockDueMs(
  { authorities, openVotes, parameters }: ChainSnapshot,
  { height, timestamp }: Pick<Header, "height" | "timestamp">,
): number {
  if (openVotes.length === 0) return Number.POSITIVE_INFINITY;
  const newest = openVotes.reduce((highest, vote) => Math.max(highest, vote.height), 0);
  const since = height - newest;
  const series = Math.max(1, signerLimit(authorities.length) - 1);
  if (since === 0 || since % series !== 0) return timestamp + parameters.periodMs;
  return timestamp + Math.min(firstPauseMs * 2 ** (since / series - 1), longestPauseMs);
}
