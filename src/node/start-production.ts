import { Producer } from "../chain/producer.ts";
import { Proposals } from "../chain/proposals.ts";
import type { BlockSigner } from "../chain/types.ts";
import { ProposalStore } from "../storage/proposals.ts";
import type { BlockInbox } from "../sync/block-inbox.ts";
import type { Outbox } from "../sync/outbox.ts";
import { inBackground } from "../util/background.ts";
import type { ChainSetup } from "./chain-setup.ts";
import type { OpenedChain } from "./open-chain.ts";

/** The changes that this node's operator wants, for which its blocks vote. */
export async function openProposals(
  { genesis, database, clock, logger, closers }: ChainSetup,
  { chain }: OpenedChain,
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
  { chain, mempool }: OpenedChain,
  signer: BlockSigner,
  { inbox, outbox, proposals }: { inbox: BlockInbox; outbox: Outbox; proposals: Proposals },
): void {
  const producer = new Producer({
    chain,
    signer,
    clock,
    logger,
    transactions: mempool,
    proposals,
    coming: () => inbox.coming(),
    ageMs: (block) => inbox.ageMs(block),
  });
  modes.events.on("mode", (mode) => {
    producer.enabled = mode === "ready";
  });
  // Others get the block while it is still being written here.
  chain.events.on("sealed", (block) => inBackground(outbox.publishBlock(block)));
  mempool.events.on("added", () => producer.onTransaction());
  proposals.events.on("changed", () => producer.onProposals());
  closers.push("producer", () => producer.stop());
}
