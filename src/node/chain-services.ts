import { randomBytes } from "node:crypto";
import type { Network, PeerId } from "../../protocols/index.ts";
import { Chain } from "../chain/chain.ts";
import type { Genesis } from "../chain/genesis.ts";
import { Producer } from "../chain/producer.ts";
import { chainStores } from "../chain/stores.ts";
import type { BlockSigner } from "../chain/types.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { defaultMempoolLimits } from "../mempool/limits.ts";
import { Mempool } from "../mempool/mempool.ts";
import type { Database } from "../storage/database.ts";
import { MempoolStore } from "../storage/mempool.ts";
import { BlockInbox } from "../sync/block-inbox.ts";
import { Outbox } from "../sync/outbox.ts";
import type { PeerStatuses } from "../sync/peer-statuses.ts";
import { serveChain } from "../sync/serve.ts";
import { Synchronizer } from "../sync/synchronizer.ts";
import { TransactionInbox } from "../sync/transaction-inbox.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Closers } from "./closers.ts";
import type { ModeMachine } from "./mode.ts";

export interface ChainServices {
  chain: Chain;
  mempool: Mempool;
  synchronizer: Synchronizer;
}

export interface ChainServicesOptions {
  genesis: Genesis;
  database: Database;
  network: Network;
  statuses: PeerStatuses;
  verify: Verify;
  clock: Clock;
  logger: Logger;
  modes: ModeMachine;
  /** Where the node makes blocks. */
  signer: BlockSigner | undefined;
  /** No peer is known to come back to. */
  alone: boolean;
}

/** Everything that needs a genesis block: opened in this order, closed in reverse. */
export async function startChainServices(
  options: ChainServicesOptions,
  closers: Closers,
): Promise<ChainServices> {
  const { genesis, database, network, statuses, verify, clock, logger, modes, signer, alone } = options;
  const common = { network, clock, logger };

  const chain: Chain = await Chain.open({
    genesis,
    stores: chainStores(database),
    checks: { verify, isVerified: (id) => mempool.get(id) !== undefined },
    clock,
    logger,
    seed: new Uint8Array(randomBytes(8)),
    writesWith: (change) => mempool.writesFor(change),
  });
  const mempool: Mempool = new Mempool({
    config: genesis.config,
    genesisId: genesis.id,
    limits: defaultMempoolLimits,
    account: (address) => chain.state.get(address),
    verify,
    database,
    store: new MempoolStore(database),
    clock,
  });
  // The first to follow the head: the others ask the mempool what is left.
  chain.events.on("head", (change) => mempool.update(change));
  await mempool.start();
  closers.push("mempool", () => mempool.stop());

  const outbox = new Outbox({ ...common, mempool });
  outbox.start();
  closers.push("outbox", () => outbox.stop());
  const inbox = new BlockInbox({ ...common, chain, mempool, onFarAhead: (peer) => void statuses.ask(peer) });
  closers.push("block inbox", () => inbox.stop());
  const transactions = new TransactionInbox({ network, mempool, verify, logger });
  serveChain(network, chain, mempool);
  network.join(genesis.id, {
    blocks: (message, from) => inbox.onGossip(message, from),
    transactions: (message) => transactions.onGossip(message),
  });

  if (signer) startProducer(options, signer, { chain, mempool, outbox }, closers);
  pullMempools(options, transactions, closers);
  const synchronizer = new Synchronizer({
    ...common,
    chain,
    statuses,
    inbox,
    onBehind: () => modes.enter("boot"),
    onInStep: () => modes.enter("ready"),
  });
  synchronizer.start(alone);
  closers.push("sync", () => synchronizer.stop());
  return { chain, mempool, synchronizer };
}

function startProducer(
  { clock, logger, modes }: ChainServicesOptions,
  signer: BlockSigner,
  { chain, mempool, outbox }: { chain: Chain; mempool: Mempool; outbox: Outbox },
  closers: Closers,
): void {
  const producer = new Producer({
    chain,
    signer,
    clock,
    logger,
    executable: () => mempool.executable(),
    hasExecutable: () => mempool.hasExecutable,
    onProduced: (block) => void outbox.publishBlock(block),
  });
  modes.events.on("mode", (mode) => {
    producer.enabled = mode === "ready";
  });
  mempool.events.on("added", () => producer.onTransaction());
  closers.push("producer", () => producer.stop());
}

/** What a peer had before we met, or while this node was behind, comes by no gossip: it is asked for once. */
function pullMempools(
  { network, statuses, modes }: ChainServicesOptions,
  transactions: TransactionInbox,
  closers: Closers,
): void {
  const pulled = new Set<PeerId>();
  const pull = (peer: PeerId) => {
    if (modes.mode !== "ready" || pulled.has(peer)) return;
    pulled.add(peer);
    void transactions.pull(peer);
  };
  const stops = [
    statuses.events.on("status", ({ peer }) => pull(peer)),
    network.on("disconnected", (peer) => pulled.delete(peer)),
    modes.events.on("mode", (mode) => {
      if (mode === "boot") pulled.clear();
      for (const { peer } of statuses.all()) pull(peer);
    }),
  ];
  closers.push("mempool exchange", () => {
    for (const stop of stops) stop();
  });
}
