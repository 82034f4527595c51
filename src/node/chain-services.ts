import type { Proposals } from "../chain/proposals.ts";
import { FinalityStore } from "../storage/finality.ts";
import type { EvidenceInbox } from "../sync/evidence-inbox.ts";
import type { Synchronizer } from "../sync/synchronizer.ts";
import type { ChainSetup } from "./chain-setup.ts";
import { meetPeers } from "./meet-peers.ts";
import {
  joinNetwork,
  openEvidence,
  startBlockInbox,
  startPublishing,
  startTransactionInbox,
  startVoteInbox,
} from "./start-gossip.ts";
import { type Ledger, startLedger } from "./start-ledger.ts";
import { openProposals, startProducer } from "./start-production.ts";
import { type Divergence, startSynchronizer, watchDivergence } from "./start-sync.ts";
import { startVoting, type Voting } from "./start-voting.ts";

export interface ChainServices
  extends Omit<Ledger, "checks">,
    Pick<Voting, "finalizer" | "signer" | "voter">,
    Divergence {
  finalityStore: FinalityStore;
  proposals: Proposals;
  synchronizer: Synchronizer;
  evidence: EvidenceInbox;
}

/** Starts everything that needs a genesis block. It is opened in this order, and closed in reverse. */
export async function startChainServices(setup: ChainSetup): Promise<ChainServices> {
  const finalityStore = new FinalityStore(setup.database);
  const ledger = await startLedger(setup);
  const publishing = startPublishing(setup, ledger);
  const { outbox } = publishing;
  const evidence = await openEvidence(setup, ledger, publishing, finalityStore);
  const voting = await startVoting(setup, ledger, outbox, evidence);
  const blocks = startBlockInbox(setup, ledger, voting, evidence);
  const divergence = watchDivergence(setup, ledger, voting.finalizer);
  const votes = startVoteInbox(setup, ledger, voting, blocks, finalityStore);
  const transactions = startTransactionInbox(setup, ledger, publishing);
  await joinNetwork(setup, ledger, publishing, { blocks, transactions, votes, evidence });
  const proposals = await openProposals(setup, ledger);
  if (voting.signer) startProducer(setup, ledger, voting.signer, { inbox: blocks, outbox, proposals });
  meetPeers(setup, { chain: ledger.chain, transactions, votes, evidence });
  const synchronizer = startSynchronizer(setup, ledger, blocks);
  const { chain, mempool, sideBlocks } = ledger;
  const { finalizer, signer, voter } = voting;
  return {
    chain,
    mempool,
    sideBlocks,
    finalizer,
    signer,
    voter,
    ...divergence,
    finalityStore,
    proposals,
    synchronizer,
    evidence,
  };
}
