import { EvidenceStore } from "../storage/evidence.ts";
import type { FinalityStore } from "../storage/finality.ts";
import { BlockInbox } from "../sync/block-inbox.ts";
import { EvidenceInbox } from "../sync/evidence-inbox.ts";
import { Outbox } from "../sync/outbox.ts";
import { serveChain } from "../sync/serve.ts";
import { Topics } from "../sync/topics.ts";
import { TransactionInbox } from "../sync/transaction-inbox.ts";
import { VoteInbox } from "../sync/vote-inbox.ts";
import type { ChainSetup } from "./chain-setup.ts";
import type { OpenedChain } from "./open-chain.ts";
import type { Voting } from "./start-voting.ts";

/** The node's own messages, on the topics of its chain. */
export interface Publishing {
  topics: Topics;
  outbox: Outbox;
}

export function startPublishing(setup: ChainSetup, { chain, mempool }: OpenedChain): Publishing {
  const { network, line, clock, peerLog: logger, closers } = setup;
  const common = { network, clock, logger };
  const topics = new Topics({ ...common, chain, line });
  closers.push("gossip", () => topics.stop());
  const outbox = new Outbox({ ...common, topics, mempool });
  outbox.start();
  closers.push("outbox", () => outbox.stop());
  return { topics, outbox };
}

/** Collects proofs of double signing from the blocks and votes that are seen, and from peers. */
export async function openEvidence(
  { network, clock, peerLog: logger, database, verify, genesis }: ChainSetup,
  { chain }: OpenedChain,
  { topics }: Publishing,
  certificates: FinalityStore,
): Promise<EvidenceInbox> {
  const evidence = await EvidenceInbox.open({
    network,
    clock,
    logger,
    topics,
    chain,
    store: new EvidenceStore(database),
    certificates,
    verify,
    rules: { slotMs: genesis.config.slotMs, genesisId: genesis.id },
  });
  evidence.serve();
  chain.events.on("imported", ({ header }) => evidence.seenHeader(header));
  return evidence;
}

export function startBlockInbox(
  { network, clock, peerLog: logger, statuses, closers }: ChainSetup,
  { chain, mempool, checks }: OpenedChain,
  { finalizer }: Pick<Voting, "finalizer">,
  evidence: EvidenceInbox,
): BlockInbox {
  const inbox = new BlockInbox({
    network,
    clock,
    logger,
    chain,
    checks,
    mempool,
    statuses,
    evidence,
    finalizer,
  });
  closers.push("block inbox", () => inbox.stop());
  return inbox;
}

export function startVoteInbox(
  { network, clock, peerLog: logger, closers }: ChainSetup,
  { chain }: OpenedChain,
  { finalizer, own }: Voting,
  blocks: BlockInbox,
  store: FinalityStore,
): VoteInbox {
  const votes = new VoteInbox({
    network,
    clock,
    logger,
    chain,
    finalizer,
    store,
    blocks,
    onAnswer: () => own?.onAnswer(),
  });
  votes.serve();
  closers.push("vote inbox", () => votes.stop());
  return votes;
}

export function startTransactionInbox(
  { network, peerLog: logger, closers }: ChainSetup,
  { mempool }: OpenedChain,
  { outbox }: Publishing,
): TransactionInbox {
  const transactions = new TransactionInbox({ network, mempool, logger, outbox });
  closers.push("transaction inbox", () => transactions.stop());
  return transactions;
}

/** The receivers of everything that comes by gossip. */
export interface Inboxes {
  blocks: BlockInbox;
  transactions: TransactionInbox;
  votes: VoteInbox;
  evidence: EvidenceInbox;
}

/** Answers peers' questions about the chain, and receives their gossip. */
export async function joinNetwork(
  { network }: ChainSetup,
  { chain, mempool }: OpenedChain,
  { topics }: Publishing,
  { blocks, transactions, votes, evidence }: Inboxes,
): Promise<void> {
  serveChain(network, chain, mempool);
  await topics.join({
    blocks: (message, from) => blocks.onGossip(message, from),
    transactions: (message, from) => transactions.onGossip(message, from),
    votes: (message, from) => votes.onGossip(message, from),
    evidence: (message, from) => evidence.onGossip(message, from),
  });
}
