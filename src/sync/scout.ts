import { blockIds } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Network, PeerId } from "../network/types.ts";
import { type Clock, limited } from "../util/clock.ts";
import { CodedError } from "../util/errors.ts";
import type { ClaimedStatus } from "./claimed-status.ts";
import { findCommonAncestor } from "./common-ancestor.ts";
import { fetchHeaders, type HeadersOptions } from "./headers.ts";
import { Lead } from "./lead.ts";
import { requestOne } from "./request-one.ts";

/** The time for one page of ids or headers. A slower peer has to wait until others have had their turn. */
const pageMs = 3_000;
/**
 * The time for the whole search up to the first headers that are not here, so that a peer that trickles does not keep
 * its place.
 */
const searchMs = 9_000;

export interface ScoutOptions {
  network: Network;
  chain: HeadersOptions["chain"] & Pick<Chain, "head" | "finalized" | "reader">;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Checks a peer's claim: returns the first page of checked headers that are not here, from the last common ancestor on.
 * Undefined if the peer shows none.
 * @throws {RequestError | BlockError | CodedError} if it shows something else, or takes too long.
 */
export async function scout(
  { peer, status }: { peer: PeerId; status: ClaimedStatus },
  options: ScoutOptions,
): Promise<Lead | undefined> {
  const { chain, clock } = options;
  const search = limited(clock, searchMs, options.signal);
  try {
    const ancestor = await findCommonAncestor({
      local: (height, count) => chain.reader.idsDown(height, count),
      remote: (height, count) => idsOf(peer, height, count, { ...options, signal: search.signal }),
      top: Math.min(chain.head.height, status.height),
      floor: chain.finalized,
    });
    let start = ancestor.height + 1;
    for (;;) {
      const page = await headerPage(peer, start, { ...options, signal: search.signal });
      const lead = await Lead.of(peer, page, chain);
      if (lead || page.isLast) return lead;
      start += page.checked.length;
    }
  } finally {
    search.cancel();
  }
}

/** The page of headers after a lead's. */
export async function nextLead(
  { peer, next }: Pick<Lead, "peer" | "next">,
  options: ScoutOptions,
): Promise<Lead | undefined> {
  return next === undefined ? undefined : Lead.of(peer, await headerPage(peer, next, options), options.chain);
}

async function headerPage(peer: PeerId, start: number, options: ScoutOptions) {
  const { signal, cancel } = limited(options.clock, pageMs, options.signal);
  try {
    return await fetchHeaders({ ...options, peer, start, signal });
  } finally {
    cancel();
  }
}

async function idsOf(
  peer: PeerId,
  height: number,
  count: number,
  { network, clock, signal: until }: ScoutOptions,
): Promise<Uint8Array[]> {
  const { signal, cancel } = limited(clock, pageMs, until);
  try {
    const page = await requestOne(network, peer, blockIds, { height, count }, { signal });
    if (page.height !== height) throw new CodedError("PEER_CHANGED", "the peer's chain became shorter");
    return page.ids;
  } finally {
    cancel();
  }
}
