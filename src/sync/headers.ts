import { headers, maxHeadersPerPage } from "../../protocols/index.ts";
import { checkHeaderForm, checkHeaderSignatures } from "../chain/block-check.ts";
import type { Chain } from "../chain/chain.ts";
import type { WeightedHeader } from "../chain/types.ts";
import type { Network, PeerId } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { Header, rootOf, type SignedHeader } from "../types/index.ts";
import { CodedError } from "../util/errors.ts";
import { requestOne } from "./request-one.ts";

export interface HeadersOptions {
  network: Network;
  chain: Pick<Chain, "tree" | "checks" | "checkHeaders">;
  peer: PeerId;
  start: number;
  signal: AbortSignal;
}

/** A page of checked headers. */
export interface HeaderPage {
  checked: WeightedHeader[];
  /**
   * True if the peer has no more for now, or if the next headers are ahead of this node's clock or under rules that
   * this program does not know.
   */
  isLast: boolean;
}

/**
 * Fetches and checks a page of a peer's headers from `start` on. If this node's clock is a little slow, the newest ones
 * are omitted: they wait for their time, but the others need not.
 * @throws {BlockError}, also `UNKNOWN_RULES` if this program can check none of them. {CodedError} `PEER_CHANGED` if
 * they do not follow the blocks that are here.
 */
export async function fetchHeaders(options: HeadersOptions): Promise<HeaderPage> {
  const { network, chain, peer, start, signal } = options;
  const page = await requestOne(network, peer, headers, { start, count: maxHeadersPerPage }, { signal });
  const [first] = page;
  if (!first) return { checked: [], isLast: true };
  if (first.message.height !== start)
    throw new BlockError("WRONG_HEIGHT", `headers from ${first.message.height} on, asked for ${start}`);
  if (!(await chain.tree.get(first.message.parent)))
    throw new CodedError("PEER_CHANGED", "the peer's chain has changed meanwhile");
  for (const header of page) checkHeaderForm(header);
  const checked = await chain.checkHeaders(page).catch(async (error) => {
    // Only an authority can make a node doubt its clock.
    if (error instanceof BlockError && error.code === "FUTURE_BLOCK") await checkSignatures([first], chain);
    throw error;
  });
  await checkSignatures(page.slice(0, checked.length), chain);
  return { checked, isLast: checked.length < maxHeadersPerPage };
}

async function checkSignatures(
  signed: readonly SignedHeader[],
  { checks }: Pick<Chain, "checks">,
): Promise<void> {
  await checkHeaderSignatures(
    signed.map((header) => ({ header, id: rootOf(Header, header.message) })),
    checks,
  );
}
