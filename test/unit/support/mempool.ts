import type { KnownRules } from "../../../src/chain/rules.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { defaultMempoolLimits, type MempoolLimits } from "../../../src/mempool/limits.ts";
import { Mempool } from "../../../src/mempool/mempool.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { type TestChain, testChain, testGenesis } from "./chain.ts";
import { ManualClock } from "./clock.ts";
import { MemoryDatabase } from "./database.ts";

export interface TestPool extends TestChain {
  mempool: Mempool;
  database: MemoryDatabase;
  /** Ids that a mempool has which starts from what is on disk now, sorted. */
  stored(): Promise<string[]>;
  /** Batches on disk, as the ids in each. */
  batches(): Promise<string[][]>;
  /** Ids of the entries that this node has answered for, sorted. */
  durable(): string[];
  /** A node that starts from what is on disk, or from `from`. */
  restart(from?: MemoryDatabase): Promise<TestPool>;
}

/** A chain and its mempool, wired as in the node. */
export async function testPool(
  options: {
    limits?: Partial<MempoolLimits>;
    database?: MemoryDatabase;
    genesis?: TestChain["genesis"];
    clock?: ManualClock;
    verify?: Verify;
    rules?: KnownRules;
  } = {},
): Promise<TestPool> {
  const genesis = options.genesis ?? (await testGenesis());
  const database = options.database ?? new MemoryDatabase();
  const clock = options.clock ?? new ManualClock();
  const store = new MempoolStore(database);
  const verify = options.verify ?? verifySignatures;
  const node: TestChain = await testChain({
    genesis,
    database,
    clock,
    chain: {
      ...(options.rules && { rules: options.rules }),
      writesWith: (change, after) => mempool.writesFor(change, (address) => after.get(address)),
      checks: { verify, verifyTransactions: (records) => mempool.verify(records) },
    },
  });
  const settings = {
    config: {
      get minFee() {
        return node.chain.snapshot.parameters.minFee;
      },
    },
    genesisId: genesis.id,
    limits: { ...defaultMempoolLimits, ...options.limits },
    account: (address: Uint8Array) => node.chain.state.get(address),
    height: () => node.chain.head.height,
    verify,
    logger: silentLogger,
  };
  const mempool: Mempool = new Mempool({ ...settings, ...persistence(database), clock });
  node.chain.events.on("head", (change) => mempool.update(change));
  await mempool.start();
  return {
    ...node,
    database,
    mempool,
    async stored() {
      const again = new Mempool({ ...settings, ...persistence(database.copy()), clock });
      await again.start();
      again.stop();
      return durableIds(again);
    },
    async batches() {
      const batches: string[][] = [];
      for await (const { list } of store.all()) batches.push(mempool.decode(list).map(({ idHex }) => idHex));
      return batches;
    },
    durable: () => durableIds(mempool),
    restart: (from = database) => testPool({ ...options, genesis, clock, database: from.copy() }),
  };
}

function persistence(database: MemoryDatabase) {
  return { database, store: new MempoolStore(database) };
}

function durableIds(mempool: Mempool): string[] {
  return [...mempool.entries()]
    .filter(({ batch }) => batch)
    .map(({ record }) => record.idHex)
    .sort();
}
