import { randomBytes } from "node:crypto";
import type { Signer } from "../accounts/index.ts";
import type { Chain } from "../chain/chain.ts";
import { AuthorityNodes } from "../sync/authority-nodes.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";

/** Exchanges with the peers whose node each of them is. */
export function startAuthorityNodes(
  { options, clock, peerLog: logger, verify, closers }: NodeCore,
  { network, statuses }: Peers,
  chain: Chain,
  signer: Signer,
): AuthorityNodes {
  const isNamed = options.mine && !options.anonymous;
  const nodes = new AuthorityNodes({
    network,
    statuses,
    chain,
    clock,
    logger,
    verify,
    nonce: () => new Uint8Array(randomBytes(32)),
    signer: isNamed ? signer : undefined,
  });
  nodes.start();
  closers.push("nodes of authorities", () => nodes.stop());
  return nodes;
}
