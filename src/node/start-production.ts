import { Producer } from "../chain/producer.ts";
import { Proposals } from "../chain/proposals.ts";
import type { BlockSigner } from "../chain/types.ts";
import { ProposalStore } from "../storage/proposals.ts";
import type { BlockInbox } from "../sync/block-inbox.ts";
import type { Outbox } from "../sync/outbox.ts";
import { inBackground } from "../util/background.ts";
import type { ChainSetup } from "./chain-setup.ts";
import type { Ledger } from "./start-ledger.ts";

/** The changes that this node's operator wants, for which its blocks vote. */
export async function openProposals(
  { genesis, database, clock, logger, closers }: ChainSetup,
  { chain }: Ledger,
): Promise<Proposals> {
  const proposals = await Proposals.open({
    store: new ProposalStore(database),
    config: genesis.config,
    finalizedSnapshot: () => chain.tree.snapshotAfter(chain.finalized.id),
    clock,
    logger,
  });
  closers.push(
    "proposals",
    chain.events.on("finality", () => proposals.onFinalized()),
  );
  return proposals;
}

/** Makes blocks while the node is ready. */
export function startProducer(
  { clock, logger, modes, closers }: ChainSetup,
  { chain, mempool }: Ledger,
  signer: BlockSigner,
  { inbox, outbox, proposals }: { inbox: BlockInbox; outbox: Outbox; proposals: Proposals },
): void {
  const producer = new Producer({
    chain,
    signer,
    clock,
    logger,
    executable: () => mempool.executable(),
    hasExecutable: () => mempool.hasExecutable,
    isComing: (parent) => inbox.isChecking(parent),
    onSealed: (block) => inBackground(outbox.publishBlock(block)),
    voteFor: (snapshot, height) => proposals.voteFor(snapshot, height, signer.publicKey),
    wantsVote: (snapshot, height) => proposals.wantsBlock(snapshot, height, signer.publicKey),
  });
  modes.events.on("mode", (mode) => {
    producer.enabled = mode === "ready";
  });
  mempool.events.on("added", () => producer.onTransaction());
  proposals.events.on("changed", () => producer.onProposals());
  closers.push("producer", () => producer.stop());
}
