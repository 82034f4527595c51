import type { Finalizer } from "../chain/finalizer.ts";
import type { BlockInbox } from "../sync/block-inbox.ts";
import { ConflictingFinality } from "../sync/conflicting-finality.ts";
import { OtherRecoveries } from "../sync/other-recoveries.ts";
import { Synchronizer } from "../sync/synchronizer.ts";
import type { ChainSetup } from "./chain-setup.ts";
import { KnowledgeOfRules } from "./knowledge-of-rules.ts";
import type { OpenedChain } from "./open-chain.ts";

/** Follows the best chain that peers show, and decides by that whether the node is ready. */
export function startSynchronizer(
  { network, clock, logger, peerLog, statuses, modes, alone, closers }: ChainSetup,
  { chain, checks }: OpenedChain,
  inbox: BlockInbox,
): Synchronizer {
  const standing = new KnowledgeOfRules({ chain, modes, logger });
  closers.push("knowledge of the rules", () => standing.stop());
  const synchronizer = new Synchronizer({
    network,
    clock,
    logger: peerLog,
    chain,
    checks,
    statuses,
    inbox,
    onBehind: () => standing.behind(),
    onInStep: () => standing.inStep(),
  });
  synchronizer.start(alone);
  closers.push("sync", () => {
    // A task may wait for a block that the inbox requests from a peer.
    inbox.stop();
    return synchronizer.stop();
  });
  return synchronizer;
}

/** Signs that peers follow another history: a conflicting final block, or another recovery. */
export interface Divergence {
  conflicts: ConflictingFinality;
  otherRecoveries: OtherRecoveries;
}

export function watchDivergence(
  { network, clock, peerLog: logger, statuses, closers }: ChainSetup,
  { chain }: OpenedChain,
  finalizer: Finalizer,
): Divergence {
  const conflicts = new ConflictingFinality(finalizer);
  closers.push("conflicting finality", () => conflicts.stop());
  const otherRecoveries = new OtherRecoveries({ network, clock, logger, chain, statuses });
  otherRecoveries.start();
  closers.push("other recoveries", () => otherRecoveries.stop());
  return { conflicts, otherRecoveries };
}
