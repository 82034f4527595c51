import { join } from "node:path";
import type { TopicName } from "../../../protocols/index.ts";
import { type Signer, signerFromSeed } from "../../../src/accounts/index.ts";
import { untimed } from "../../../src/chain/assemble.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import type { Finalizer } from "../../../src/chain/finalizer.ts";
import {
  type CheckedGenesis,
  checkGenesis,
  createGenesis,
  type Genesis,
  genesisOf,
  storeGenesis,
} from "../../../src/chain/genesis.ts";
import { productRules } from "../../../src/chain/rules.ts";
import { type ChainStores, chainStores } from "../../../src/chain/stores.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { parseGenesis } from "../../../src/config/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { VerifyPool } from "../../../src/crypto/verify-pool.ts";
import type { Mempool } from "../../../src/mempool/mempool.ts";
import { type ChainServices, startChainServices } from "../../../src/node/chain-services.ts";
import { Closers } from "../../../src/node/closers.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { ownStatus } from "../../../src/sync/claimed-status.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import type { GenesisBalance } from "../../../src/types/genesis.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { systemPause } from "../../../src/util/slices.ts";
import { produceInTurn } from "../../e2e/harness/build-chain.ts";
import { firstDigest, line } from "../../own-line.ts";
import { FakeNetwork } from "../../unit/support/network.ts";
import type { Context } from "../figure.ts";
import { senderBalance, senderKey, senderKeys } from "./senders.ts";

const periodMs = 1_000;
/** The age of the genesis block: room for the blocks of any figure, none of them in the future. */
const ageMs = 250_000 * periodMs;

/** A chain in this process, with the keys of its authorities. */
export interface BenchChain {
  genesis: CheckedGenesis;
  signers: Signer[];
}

export interface BenchChainOptions {
  senders: number;
  /** The number of accounts, among which the senders are spread; the others have no known keys. */
  accounts?: number;
  authorities?: number;
  maxBlockTransactions?: number;
}

export async function benchChain({
  senders,
  accounts = 0,
  authorities = 1,
  ...limits
}: BenchChainOptions): Promise<BenchChain> {
  const signers = Array.from({ length: authorities }, (_, index) =>
    signerFromSeed(sha256(new TextEncoder().encode(`authority ${index}`))),
  );
  const { config } = parseGenesis(
    { name: "bench", periodMs, authorities: signers.map(({ address }) => address), balances: [], ...limits },
    "genesis",
  );
  const coinbase = { balances: spreadSenders(senders, accounts) };
  const block = await createGenesis(config, coinbase, signers[0]!, Date.now() - ageMs);
  return { genesis: await checkGenesis(block, verifySignatures), signers };
}

function spreadSenders(senders: number, accounts: number): GenesisBalance[] {
  const keys = senderKeys(senders);
  const count = Math.max(accounts, keys.length);
  const every = Math.floor(count / keys.length);
  return Array.from({ length: count }, (_, index) => {
    const key = index % every === 0 ? keys[index / every] : undefined;
    const address = key ?? senderKey(keys.length + index).publicKey;
    return { address, balance: senderBalance };
  });
}

/**
 * A node in this process, composed by the node's own code on a LevelDB, with two verification threads. It has no libp2p
 * and no HTTP, and makes no blocks by itself; `receive` passes gossip to it.
 */
export class Peer {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly finalizer: Finalizer;
  readonly #signers: readonly Signer[];
  readonly #gossip: FakeNetwork;
  readonly #closers: Closers;

  private constructor(
    { chain, mempool, finalizer }: ChainServices,
    signers: readonly Signer[],
    gossip: FakeNetwork,
    closers: Closers,
  ) {
    this.chain = chain;
    this.mempool = mempool;
    this.finalizer = finalizer;
    this.#signers = signers;
    this.#gossip = gossip;
    this.#closers = closers;
  }

  /** Makes a new peer; `name` is that of its folder. */
  static async create({ world }: Context, name: string, { genesis, signers }: BenchChain): Promise<Peer> {
    const peer = await Peer.#start(join(world.dataDir, name), signers, async (stores) => {
      await storeGenesis(stores, genesis);
      return genesis;
    });
    world.onEnd(() => peer.close());
    return peer;
  }

  /** Opens the data of a closed peer like a restarted node; it makes no blocks. */
  static reopen(folder: string): Promise<Peer> {
    return Peer.#start(folder, [], async ({ meta }) => {
      const genesis = await meta.genesisHead();
      if (!genesis) throw new Error(`no chain in ${folder}`);
      return genesisOf(genesis);
    });
  }

  static async #start(
    folder: string,
    signers: readonly Signer[],
    genesisOf: (stores: ChainStores) => Promise<Genesis>,
  ): Promise<Peer> {
    const closers = new Closers(silentLogger);
    const signatures = new VerifyPool({ threads: 2, onThreadEnd: fail });
    closers.push("signatures", () => signatures.close());
    const database = await LevelDatabase.open(folder, fail);
    closers.push("database", () => database.close());
    const genesis = await genesisOf(chainStores(database));
    const gossip = new FakeNetwork(systemClock);
    const network = gossip.node("peer");
    gossip.connect(network, gossip.node("others"));
    const common = { network, clock: systemClock, logger: silentLogger };
    const services = await startChainServices({
      ...common,
      peerLog: silentLogger,
      genesis,
      database,
      eventLog: await EventLog.open({ database, logger: silentLogger }),
      statuses: new PeerStatuses({
        ...common,
        recoveries: () => line.recoveries,
        status: () => ownStatus(genesis?.id, undefined, systemClock.now(), line),
      }),
      line,
      rules: productRules,
      verify: signatures.verify,
      pause: systemPause,
      startTimer: untimed,
      modes: new ModeMachine("boot", silentLogger),
      account: undefined,
      alone: true,
      hashSeed: new Uint8Array(8),
      closers,
    });
    closers.push("imports", () => services.chain.idle());
    return new Peer(services, signers, gossip, closers);
  }

  close(): Promise<void> {
    return this.#closers.close();
  }

  /** The number of gossip messages with a verdict. */
  get judged(): number {
    return this.#gossip.nodes.get("peer")!.verdicts.length;
  }

  /** Passes a gossip message to the peer. */
  async receive(message: Uint8Array, topic: TopicName = "blocks"): Promise<void> {
    const digest = firstDigest(this.chain.genesis.id);
    await this.#gossip.nodes.get("others")!.publish(topic, message, digest);
  }

  /** Resolves when a block is the head. */
  hasHead(idHex: string): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.chain.events.on("head", ({ head }) => {
        if (head.idHex !== idHex) return;
        stop();
        resolve();
      });
    });
  }

  /** Makes a block on the head, `laterMs` after the earliest time; another time makes another block. */
  produce(records: Iterable<TransactionRecord>, laterMs = 0): Promise<CanonicalBlock> {
    return produceInTurn(this.chain, this.#signers, records, laterMs);
  }
}

function fail(error: unknown): never {
  throw error;
}
