import { genesis } from "../../protocols/index.ts";
import type { Network, PeerId } from "../network/types.ts";
import { Header, rootOf } from "../types/index.ts";
import { equalBytes, textOf } from "../util/bytes.ts";
import { type Clock, limited } from "../util/clock.ts";
import { requestOne } from "./request-one.ts";

/** A peer of another chain closes the connection soon. */
const limitMs = 1_000;

/**
 * Asks a peer for the name of its chain, for people to read: the genesis block is not checked beyond its id. Resolves
 * to `undefined` if the peer does not say in time.
 */
export async function askChainName(
  { network, clock }: { network: Network; clock: Clock },
  peer: PeerId,
  genesisId: Uint8Array,
): Promise<string | undefined> {
  const { signal, cancel } = limited(clock, limitMs, new AbortController().signal);
  try {
    const { header, payload } = await requestOne(network, peer, genesis, { id: genesisId }, { signal });
    if (!equalBytes(rootOf(Header, header.message), genesisId)) return undefined;
    return textOf(payload.config.name);
  } catch {
    return undefined;
  } finally {
    cancel();
  }
}
