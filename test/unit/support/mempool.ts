import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { defaultMempoolLimits, type MempoolLimits } from "../../../src/mempool/limits.ts";
import { Mempool } from "../../../src/mempool/mempool.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import { Transaction } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { type TestChain, testChain, testGenesis } from "./chain.ts";
import { ManualClock } from "./clock.ts";
import { MemoryDatabase } from "./database.ts";

export interface TestPool extends TestChain {
  mempool: Mempool;
  database: MemoryDatabase;
  /** Ids on disk, sorted. */
  stored(): Promise<string[]>;
  /** Ids of the entries that this node has answered for, sorted. */
  durable(): string[];
  restart(): Promise<TestPool>;
}

/** A chain and its mempool, wired as in the node. */
export async function testPool(
  options: {
    limits?: Partial<MempoolLimits>;
    database?: MemoryDatabase;
    genesis?: TestChain["genesis"];
    clock?: ManualClock;
    verify?: Verify;
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
      writesWith: (change, after) => mempool.writesFor(change, (address) => after.get(address)),
      checks: { verify, isVerified: (id) => mempool.get(id) !== undefined },
    },
  });
  const mempool: Mempool = new Mempool({
    config: genesis.config,
    genesisId: genesis.id,
    limits: { ...defaultMempoolLimits, ...options.limits },
    account: (address) => node.chain.state.get(address),
    verify,
    database,
    store,
    clock,
  });
  node.chain.events.on("head", (change) => mempool.update(change));
  await mempool.start();
  return {
    ...node,
    database,
    mempool,
    async stored() {
      const ids: string[] = [];
      for await (const { transaction } of store.all()) ids.push(toHex(Transaction.hashTreeRoot(transaction)));
      return ids.sort();
    },
    durable: () =>
      [...mempool.entries()]
        .filter(({ durable }) => durable)
        .map(({ record }) => record.idHex)
        .sort(),
    restart: () => testPool({ ...options, genesis, clock, database: database.copy() }),
  };
}
