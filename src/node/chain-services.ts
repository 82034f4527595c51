import type { Proposals } from "../chain/proposals.ts";
import { FinalityStore } from "../storage/finality.ts";
import type { EvidenceInbox } from "../sync/evidence-inbox.ts";
import type { Synchronizer } from "../sync/synchronizer.ts";
import type { ChainSetup } from "./chain-setup.ts";
import { meetPeers } from "./meet-peers.ts";
import { type OpenedChain, openChain } from "./open-chain.ts";
import {
  joinNetwork,
  openEvidence,
  startBlockInbox,
  startPublishing,
  startTransactionInbox,
  startVoteInbox,
} from "./start-gossip.ts";
import { openProposals, startProducer } from "./start-production.ts";
import { type Divergence, startSynchronizer, watchDivergence } from "./start-sync.ts";
import { startVoting, type Voting } from "./start-voting.ts";

export interface ChainServices extends OpenedChain, Omit<Voting, "own">, Divergence {
  finalityStore: FinalityStore;
  proposals: Proposals;
  synchronizer: Synchronizer;
  evidence: EvidenceInbox;
}

/** Starts everything that needs a genesis block. It is opened in this order, and closed in reverse. */
export async function startChainServices(setup: ChainSetup): Promise<ChainServices> {
  const finalityStore = new FinalityStore(setup.database);
  const opened = await openChain(setup);
  const publishing = startPublishing(setup, opened);
  const { outbox } = publishing;
  const evidence = await openEvidence(setup, opened, publishing, finalityStore);
  const voting = await startVoting(setup, opened, outbox, evidence);
  const blocks = startBlockInbox(setup, opened, voting, evidence);
  const divergence = watchDivergence(setup, opened, voting.finalizer);
  const votes = startVoteInbox(setup, opened, voting, blocks, finalityStore);
  const transactions = startTransactionInbox(setup, opened, publishing);
  await joinNetwork(setup, opened, publishing, { blocks, transactions, votes, evidence });
  const proposals = await openProposals(setup, opened);
  if (voting.signer) startProducer(setup, opened, voting.signer, { inbox: blocks, outbox, proposals });
  meetPeers(setup, { chain: opened.chain, transactions, votes, evidence });
  const synchronizer = startSynchronizer(setup, opened, blocks);
  const { finalizer, signer, voter } = voting;
  const own = { finalityStore, proposals, synchronizer, evidence };
  return { ...opened, finalizer, signer, voter, ...divergence, ...own };
}
