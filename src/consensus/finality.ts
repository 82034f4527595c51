import type { Checkpoint, FinalityVote } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";

/**
 * The least distance in time between target blocks, so that votes meet on one block of a fast chain: some LAN round
 * trips.
 */
const targetSpacingMs = 250;
/** The first wait for the result of a round: two message delays and the work, with room for a busy machine. */
export const minRoundTimeoutMs = 500;
/** The limit of the doubling wait: messages that take longer than half of it are as good as lost. */
export const maxRoundTimeoutMs = 30_000;

/** The justified and final checkpoints. The highest round counts; the blocks need not be the head's. */
export interface FinalityStatus {
  justified: Checkpoint;
  finalized: Checkpoint;
}

/** Genesis is justified and final in round 0. */
export function genesisFinality(genesisId: Uint8Array): FinalityStatus {
  const checkpoint = { round: 0, height: 0, block: genesisId };
  return { justified: checkpoint, finalized: checkpoint };
}

/** More than two thirds of `count` authorities. */
export function quorum(count: number): number {
  return Math.floor((2 * count) / 3) + 1;
}

/** More than one third: it contains at least one honest authority while fewer than a third are faulty. */
export function minority(count: number): number {
  return Math.floor(count / 3) + 1;
}

/** Caches the name of each link, because a vote is counted in several places. */
const linkKeys = new WeakMap<FinalityVote, string>();

/** Names a link, so that votes for the same one are counted together. Two links with one name are equal. */
export function linkKey(link: FinalityVote): string {
  const known = linkKeys.get(link);
  if (known !== undefined) return known;
  const key = `${checkpointKey(link.source)}>${checkpointKey(link.target)}`;
  linkKeys.set(link, key);
  return key;
}

/** Names a checkpoint. Two checkpoints with one name are equal. */
export function checkpointKey({ round, height, block }: Checkpoint): string {
  return `${round}:${height}:${toHex(block)}`;
}

/**
 * True for a link as such, whatever the chain: from a checkpoint to one of a higher round, at the same block or a later
 * height.
 */
export function isLink({ source, target }: FinalityVote): boolean {
  const counts = [source.round, source.height, target.round, target.height];
  if (!counts.every((count) => Number.isSafeInteger(count)) || source.round >= target.round) return false;
  return equalBytes(source.block, target.block)
    ? source.height === target.height
    : source.height < target.height;
}

/**
 * Applies a link that a quorum has signed. Its target is justified. Its source, which a quorum with an honest authority
 * considers justified, is final if the rounds are consecutive.
 */
export function applyLink(status: FinalityStatus, { source, target }: FinalityVote): FinalityStatus {
  const finalizes = target.round === source.round + 1 && source.round > status.finalized.round;
  return {
    justified: target.round > status.justified.round ? target : status.justified,
    finalized: finalizes ? source : status.finalized,
  };
}

/** The distance between heights that are targets on a chain that keeps growing. */
export function targetSpacing(periodMs: number): number {
  return Math.ceil(targetSpacingMs / periodMs);
}

/** The time for which a head has to stand before it is a target although its height is not: then the chain rests. */
export function restingMs(periodMs: number): number {
  return targetSpacing(periodMs) === 1 ? 0 : targetSpacingMs;
}

/**
 * The heights of the blocks to vote for in `round`, the best one first. An authority votes for the first whose own set
 * is the head's, or else for the last.
 * - In the first round after the justified block's: the highest multiple of the spacing above it, while finality keeps
 *   up; otherwise the justified block itself, in which the votes of all agree.
 * - In later rounds: the round heights above it.
 * - Otherwise the justified block itself while it is not final, and then the head, once the chain rests.
 *
 * Empty if there is nothing to vote for yet.
 */
export function targetHeights(
  status: FinalityStatus,
  head: { height: number; standsForMs: number },
  periodMs: number,
  round: number,
): number[] {
  const { justified, finalized } = status;
  const isNew = head.height > justified.height;
  if (round > justified.round + 1 && isNew) return roundHeights(justified.height, head.height);
  const isFinal = equalBytes(justified.block, finalized.block);
  const keepsUp = settledRound(status) === justified.round;
  const spacing = targetSpacing(periodMs);
  const multiple = head.height - (head.height % spacing);
  if (multiple > justified.height && (keepsUp || isFinal)) return [multiple];
  if (!isFinal) return [justified.height];
  return isNew && head.standsForMs >= restingMs(periodMs) ? [head.height] : [];
}

/**
 * The highest multiple of each power of two above `above` and up to `upTo`, the one of the highest power first. A
 * multiple of a high power stays the same for long while the chain grows, so that authorities whose time-outs end at
 * different times, and who have other heads by then, vote for one block.
 */
export function roundHeights(above: number, upTo: number): number[] {
  const heights: number[] = [];
  for (let step = 1; upTo - (upTo % step) > above; step *= 2) {
    const height = upTo - (upTo % step);
    if (height !== heights[0]) heights.unshift(height);
  }
  return heights;
}

/**
 * The authority whose vote the others follow in a round that they entered without a result of the round before, or with
 * a late one (docs/consensus.md, section 7). Undefined for an empty set.
 */
export function leaderOf(authorities: readonly Uint8Array[], round: number): Uint8Array | undefined {
  return authorities[round % authorities.length];
}

/**
 * The round by whose distance time-outs grow: the last one that finality has kept up with. Results alone are not
 * enough: a faulty authority can have a result in each round, and none of them final.
 */
export function settledRound({ justified, finalized }: FinalityStatus): number {
  return Math.min(justified.round, finalized.round + 1);
}

/** The time for which an authority waits for the result of a round, by the number of rounds since the last result. */
export function roundTimeoutMs(roundsWithoutResult: number): number {
  return Math.min(minRoundTimeoutMs * 2 ** Math.min(roundsWithoutResult - 1, 16), maxRoundTimeoutMs);
}
