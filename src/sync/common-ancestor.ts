import { maxIdsPerPage } from "../../protocols/index.ts";
import type { BlockRef } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";

/** Ids of a canonical chain from `height` downwards: `count` of them, or down to genesis. */
export type IdsDown = (height: number, count: number) => Promise<Uint8Array[]>;

export interface AncestorSearch {
  local: IdsDown;
  remote: IdsDown;
  /** The lower of the two heads' heights. */
  top: number;
  /** The search never goes below this block, which both chains must share. */
  floor: BlockRef;
}

/**
 * The last block that two chains share. The search requests a page of 100 ids below `top`. As long as none is shared,
 * it jumps down by 100, 200, 400, …; then it halves the gap between the highest shared and the lowest unshared one.
 * This takes about 2 log2(depth / 100) pages.
 * @throws {CodedError} `CONFLICTS_WITH_FINALIZED`
 */
export async function findCommonAncestor({ local, remote, top, floor }: AncestorSearch): Promise<BlockRef> {
  if (top < floor.height) throw conflict(floor);
  /** The highest block known to be shared. */
  let shared: BlockRef | undefined;
  /** The lowest height known not to be shared. */
  let apart = top + 1;
  let jump = maxIdsPerPage;
  let from = top;
  while (!shared || shared.height + 1 < apart) {
    const lowest = shared ? shared.height + 1 : floor.height;
    const count = Math.min(maxIdsPerPage, from - lowest + 1);
    const match = await highestMatch(local, remote, from, count);
    if (match) shared = match;
    apart = match ? Math.min(apart, match.height === from ? apart : match.height + 1) : from - count + 1;
    if (!match && apart <= floor.height) throw conflict(floor);
    if (shared) {
      // A range that fits into one page is fetched whole.
      const middle = Math.floor((shared.height + apart) / 2);
      from = Math.min(apart - 1, Math.max(middle, shared.height + maxIdsPerPage));
    } else {
      from = Math.max(floor.height, apart - 1 - jump);
      jump *= 2;
    }
  }
  return shared;
}

function conflict({ height }: BlockRef): CodedError {
  return new CodedError(
    "CONFLICTS_WITH_FINALIZED",
    `the peer's chain does not hold finalized block ${height}: one of the two is on a wrong chain`,
  );
}

async function highestMatch(
  local: IdsDown,
  remote: IdsDown,
  from: number,
  count: number,
): Promise<BlockRef | undefined> {
  const [ours, theirs] = await Promise.all([local(from, count), remote(from, count)]);
  for (const [depth, id] of theirs.entries()) {
    const own = ours[depth];
    if (own && equalBytes(own, id)) return { height: from - depth, id };
  }
  return undefined;
}
