import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { signerFromSeed } from "../../../src/accounts/index.ts";
import { Chain } from "../../../src/chain/chain.ts";
import { checkGenesis, createGenesis, type Genesis, storeGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { parseGenesis } from "../../../src/config/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { defaultMempoolLimits } from "../../../src/mempool/limits.ts";
import { Mempool } from "../../../src/mempool/mempool.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { unprotected } from "../../unprotected-signer.ts";
import type { Context } from "../figure.ts";
import { senderAddresses, senderBalance } from "./senders.ts";

/** The only authority of chains that live in this process. */
const authority = signerFromSeed(sha256(new TextEncoder().encode("bench authority")));
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

/** The chain and the mempool of a node in this process, on a LevelDB of their own, composed as in the node. */
export class Peer {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly database: LevelDatabase;

  private constructor(chain: Chain, mempool: Mempool, database: LevelDatabase) {
    this.chain = chain;
    this.mempool = mempool;
    this.database = database;
  }

  static async open({ world }: Context, name: string, genesis: Genesis): Promise<Peer> {
    const database = await LevelDatabase.open(join(world.dataDir, name));
    await storeGenesis(chainStores(database), genesis);
    const chain: Chain = await Chain.open({
      genesis,
      stores: chainStores(database),
      checks: { verify: verifySignatures, isVerified: (id) => mempool.get(id) !== undefined },
      clock: systemClock,
      logger: silentLogger,
      seed: new Uint8Array(randomBytes(8)),
      writesWith: (change) => mempool.writesFor(change),
    });
    const mempool: Mempool = new Mempool({
      config: genesis.config,
      genesisId: genesis.id,
      limits: defaultMempoolLimits,
      account: (address) => chain.state.get(address),
      verify: verifySignatures,
      database,
      store: new MempoolStore(database),
      clock: systemClock,
    });
    chain.events.on("head", (change) => mempool.update(change));
    await mempool.start();
    const peer = new Peer(chain, mempool, database);
    world.onEnd(() => peer.close());
    return peer;
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

  async close(): Promise<void> {
    this.mempool.stop();
    await this.chain.idle();
    await this.database.close();
  }
}
