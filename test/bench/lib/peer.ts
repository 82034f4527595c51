import { join } from "node:path";
import { type Signer, signerFromSeed } from "../../../src/accounts/index.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import { checkGenesis, createGenesis, type Genesis, storeGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { parseGenesis } from "../../../src/config/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { VerifyPool } from "../../../src/crypto/verify-pool.ts";
import type { Mempool } from "../../../src/mempool/mempool.ts";
import { startChainServices } from "../../../src/node/chain-services.ts";
import { Closers } from "../../../src/node/closers.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { chainStatus } from "../../../src/node/views.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { systemPause } from "../../../src/util/slices.ts";
import { TestNetwork } from "../../unit/support/network.ts";
import { unprotected } from "../../unprotected-signer.ts";
import type { Context } from "../figure.ts";
import { senderAddresses, senderBalance } from "./senders.ts";

/** The only authority of chains that live in this process. */
const authority: Signer = signerFromSeed(sha256(new TextEncoder().encode("bench authority")));
const periodMs = 1_000;
/** How long ago genesis was: room for as many blocks as any figure makes, none of them in the future. */
const ageMs = 250_000 * periodMs;

export async function benchGenesis(senders: number): Promise<Genesis> {
  const balance = senderBalance.toString();
  const { config, coinbase } = parseGenesis(
    {
      name: "bench",
      periodMs,
      authorities: [authority.address],
      balances: senderAddresses(senders).map((address) => ({ address, balance })),
    },
    "genesis",
  );
  return checkGenesis(await createGenesis(config, coinbase, authority, Date.now() - ageMs), verifySignatures);
}

/**
 * A node in this process, composed by the node's own code on a LevelDB, with two threads that verify. It has no libp2p, no HTTP
 * and makes no blocks by itself; gossip comes to it by `receive`.
 */
export class Peer {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly #gossip: TestNetwork;

  private constructor(chain: Chain, mempool: Mempool, gossip: TestNetwork) {
    this.chain = chain;
    this.mempool = mempool;
    this.#gossip = gossip;
  }

  /** `name`: of its folder. */
  static async open({ world }: Context, name: string, genesis: Genesis): Promise<Peer> {
    const closers = new Closers(silentLogger);
    world.onEnd(() => closers.close());
    const signatures = new VerifyPool({ threads: 2, onThreadEnd: fail });
    closers.push("signatures", () => signatures.close());
    const database = await LevelDatabase.open(join(world.dataDir, name), fail);
    closers.push("database", () => database.close());
    await storeGenesis(chainStores(database), genesis);
    const gossip = new TestNetwork(systemClock);
    const network = gossip.node("peer");
    gossip.connect(network, gossip.node("others"));
    const common = { network, clock: systemClock, logger: silentLogger };
    const { chain, mempool } = await startChainServices(
      {
        ...common,
        genesis,
        database,
        eventLog: await EventLog.open(database),
        statuses: new PeerStatuses({
          ...common,
          status: () => chainStatus(genesis, undefined, systemClock.now()),
        }),
        verify: signatures.verify,
        pause: systemPause,
        modes: new ModeMachine("boot"),
        account: undefined,
        alone: true,
      },
      closers,
    );
    closers.push("imports", () => chain.idle());
    return new Peer(chain, mempool, gossip);
  }

  /** A gossip message of the topic `blocks` comes in. */
  async receive(message: Uint8Array): Promise<void> {
    await this.#gossip.nodes.get("others")!.publish("blocks", message);
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

  /** A block on the head, `skippedMs` later than it could be: with another time it is another block. */
  async produce(records: readonly TransactionRecord[], skippedMs = 0): Promise<CanonicalBlock> {
    const { head } = this.chain;
    const block = await this.chain.produce({
      signer: unprotected(authority),
      parentId: head.id,
      timestampMs: head.header.message.timestamp + periodMs + skippedMs,
      difficulty: 2,
      allowEmpty: true,
      select: () => records,
    });
    if (!block) throw new Error("no block was made");
    return block;
  }
}

function fail(error: unknown): never {
  throw error;
}
