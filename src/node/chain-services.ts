import type { Network } from "../../protocols/index.ts";
import type { ProtectedSigner } from "../accounts/index.ts";
import { Chain } from "../chain/chain.ts";
import type { BlockChecks } from "../chain/check.ts";
import { Finalizer } from "../chain/finalizer.ts";
import type { Genesis } from "../chain/genesis.ts";
import { Producer } from "../chain/producer.ts";
import { Proposals } from "../chain/proposals.ts";
import type { KnownRules } from "../chain/rules.ts";
import { SideBlocks } from "../chain/side-blocks.ts";
import { chainStores } from "../chain/stores.ts";
import type { BlockSigner, StartStageTimer } from "../chain/types.ts";
import { Voter } from "../chain/voter.ts";
import { authorityIndex } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { defaultMempoolLimits } from "../mempool/limits.ts";
import { Mempool } from "../mempool/mempool.ts";
import type { Database } from "../storage/database.ts";
import type { EventLog } from "../storage/event-log.ts";
import { EvidenceStore } from "../storage/evidence.ts";
import { FinalityStore } from "../storage/finality.ts";
import { MempoolStore } from "../storage/mempool.ts";
import { ProposalStore } from "../storage/proposals.ts";
import { BlockInbox } from "../sync/block-inbox.ts";
import type { OwnLine } from "../sync/claimed-status.ts";
import { ConflictingFinality } from "../sync/conflicting-finality.ts";
import { EvidenceInbox } from "../sync/evidence-inbox.ts";
import { OtherRecoveries } from "../sync/other-recoveries.ts";
import { Outbox } from "../sync/outbox.ts";
import type { PeerStatuses } from "../sync/peer-statuses.ts";
import { serveChain } from "../sync/serve.ts";
import { Synchronizer } from "../sync/synchronizer.ts";
import { Topics } from "../sync/topics.ts";
import { TransactionInbox } from "../sync/transaction-inbox.ts";
import { VoteInbox } from "../sync/vote-inbox.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { Closers } from "./closers.ts";
import { blockLog, transactionLog } from "./event-records.ts";
import { KnowledgeOfRules } from "./knowledge-of-rules.ts";
import { meetPeers } from "./meet-peers.ts";
import type { ModeMachine } from "./mode.ts";
import { followOwnSignatures, openSigning, type SigningOptions } from "./signing.ts";

export interface ChainServices {
  chain: Chain;
  finalizer: Finalizer;
  /** Present if the node makes blocks and votes on them. */
  voter: Voter | undefined;
  conflicts: ConflictingFinality;
  otherRecoveries: OtherRecoveries;
  mempool: Mempool;
  proposals: Proposals;
  sideBlocks: SideBlocks;
  finalityStore: FinalityStore;
  signer: ProtectedSigner | undefined;
  synchronizer: Synchronizer;
  evidence: EvidenceInbox;
}

export interface ChainServicesOptions {
  genesis: Genesis;
  database: Database;
  eventLog: EventLog;
  network: Network;
  statuses: PeerStatuses;
  line: OwnLine;
  /** The rules that this program knows. */
  rules: KnownRules;
  verify: Verify;
  clock: Clock;
  pause: Pause;
  logger: Logger;
  /** Measures the work on blocks. */
  startTimer?: StartStageTimer;
  modes: ModeMachine;
  /** Present if the node makes blocks and votes on them. */
  account: Pick<SigningOptions, "signer" | "identify"> | undefined;
  /** No peer is known to reconnect to. */
  alone: boolean;
  /** 8 random bytes, so that nobody can choose addresses that collide in the account index. */
  hashSeed: Uint8Array;
}

/** Starts everything that needs a genesis block. It is opened in this order, and closed in reverse. */
export async function startChainServices(
  options: ChainServicesOptions,
  closers: Closers,
): Promise<ChainServices> {
  const { genesis, database, eventLog, network, statuses, verify, clock, pause, logger } = options;
  const { modes, account, alone, hashSeed } = options;
  const common = { network, clock, logger };

  const chain = await Chain.load({
    genesis,
    rules: options.rules,
    stores: chainStores(database),
    verify,
    clock,
    logger,
    seed: hashSeed,
    pause,
    ...(options.startTimer && { startTimer: options.startTimer }),
  });
  const mempool = new Mempool({
    config: {
      get minFee() {
        return minFeeAfter(chain);
      },
    },
    genesisId: genesis.id,
    limits: defaultMempoolLimits,
    account: (address) => chain.state.get(address),
    height: () => chain.head.height,
    verify,
    database,
    store: new MempoolStore(database),
    clock,
    logger,
    log: transactionLog(eventLog),
  });
  const sideBlocks = new SideBlocks(chain);
  await mempool.start();
  closers.push("mempool", () => mempool.stop());
  await chain.resume([blockLog(eventLog), mempool]);
  const folding = new AbortController();
  // A write that fails ends the node.
  chain.foldAccounts(folding.signal).catch(() => undefined);
  closers.push("account pages", () => folding.abort());

  /** Signatures that the mempool has checked are not checked again. */
  const checks: BlockChecks = {
    ...chain.checks,
    verifyTransactions: (records) => mempool.verify(records),
  };
  const topics = new Topics({ ...common, chain, line: options.line });
  closers.push("gossip", () => topics.stop());
  const outbox = new Outbox({ ...common, topics, mempool });
  outbox.start();
  closers.push("outbox", () => outbox.stop());
  const finalityStore = new FinalityStore(database);
  const evidence = await EvidenceInbox.open({
    ...common,
    publish: (message) => topics.publish("evidence", message),
    store: new EvidenceStore(database),
    certificates: {
      justifiedRound: () => chain.justified.round,
      certificate: (round) => finalityStore.certificate(round),
    },
    verify,
    rules: { slotMs: genesis.config.slotMs, genesisId: genesis.id },
    isAuthority: (address) => authorityIndex(chain.snapshot.authorities, address) >= 0,
  });
  evidence.serve();
  chain.events.on("imported", ({ header }) => evidence.seenHeader(header));
  const inbox = new BlockInbox({
    ...common,
    chain,
    checks,
    mempool,
    onFarAhead: (peer) => inBackground(statuses.ask(peer)),
    onSigned: (header) => evidence.seenHeader(header),
  });
  closers.push("block inbox", () => inbox.stop());
  const signer =
    account &&
    (await openSigning({
      ...account,
      database,
      genesis,
      clock,
      logger,
      isAlone: () => chain.snapshot.authorities.length === 1,
    }));
  const finalizer = new Finalizer({ chain, logger });
  const voter = signer && new Voter({ chain, finalizer, clock, logger, signer });
  if (voter) closers.push("voter", () => voter.stop());
  const own = signer && followOwnSignatures(signer, { chain, finalizer, logger });
  if (own) closers.push("own signatures", own.stop);
  finalizer.events.on("signed", (vote) => evidence.seenVote(vote));
  voter?.events.on("vote", (vote) => outbox.publishVote(vote));
  modes.events.on("mode", (mode) => {
    if (voter) voter.enabled = mode === "ready";
  });
  const conflicts = new ConflictingFinality(finalizer);
  closers.push("conflicting finality", () => conflicts.stop());
  const otherRecoveries = new OtherRecoveries({ ...common, chain, statuses });
  otherRecoveries.start();
  closers.push("other recoveries", () => otherRecoveries.stop());
  const votes = new VoteInbox({
    network,
    chain,
    finalizer,
    store: finalityStore,
    clock,
    logger,
    fetchBlock: (id, peer) => inBackground(inbox.fetch(id, peer)),
    fetchVotedBlock: (id, peer, charge) => inBackground(inbox.fetchVoted(id, peer, charge)),
    onAnswer: () => own?.onAnswer(),
  });
  votes.serve();
  closers.push("vote inbox", () => votes.stop());
  const transactions = new TransactionInbox({ network, mempool, logger });
  closers.push("transaction inbox", () => transactions.stop());
  serveChain(network, chain, mempool);
  await topics.join({
    blocks: (message, from) => inbox.onGossip(message, from),
    transactions: (message, from) => transactions.onGossip(message, from),
    votes: (message, from) => votes.onGossip(message, from),
    evidence: (message, from) => evidence.onGossip(message, from),
  });

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
  if (signer) startProducer(options, signer, { chain, mempool, inbox, outbox, proposals }, closers);
  meetPeers(options, { chain, transactions, votes, evidence }, closers);
  const standing = new KnowledgeOfRules({ chain, modes, logger });
  closers.push("knowledge of the rules", () => standing.stop());
  const synchronizer = new Synchronizer({
    ...common,
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
  return {
    chain,
    finalizer,
    voter,
    conflicts,
    otherRecoveries,
    mempool,
    proposals,
    sideBlocks,
    finalityStore,
    signer,
    synchronizer,
    evidence,
  };
}

/** The least fee by the rules of the next block; the voted one if this program does not know those rules. */
function minFeeAfter({ snapshot, rules }: Pick<Chain, "snapshot" | "rules">): bigint {
  const { parameters } = snapshot;
  return rules.knows(snapshot) ? rules.execution(parameters).minFee : parameters.minFee;
}

function startProducer(
  { clock, logger, modes }: ChainServicesOptions,
  signer: BlockSigner,
  {
    chain,
    mempool,
    inbox,
    outbox,
    proposals,
  }: { chain: Chain; mempool: Mempool; inbox: BlockInbox; outbox: Outbox; proposals: Proposals },
  closers: Closers,
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
  });
  modes.events.on("mode", (mode) => {
    producer.enabled = mode === "ready";
  });
  mempool.events.on("added", () => producer.onTransaction());
  closers.push("producer", () => producer.stop());
}
