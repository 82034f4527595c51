import { expect } from "vitest";
import { type BlockChecks, checkBlock } from "../../../src/chain/block-check.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import type { KnownRules } from "../../../src/chain/rules.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { defaultMempoolLimits, type MempoolLimits } from "../../../src/mempool/limits.ts";
import { Mempool } from "../../../src/mempool/mempool.ts";
import type { TransactionLog } from "../../../src/mempool/types.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import type { TransactionRecord } from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import type { Pause } from "../../../src/util/slices.ts";
import { encoded, type TestChain, type Transfer, testChain, testGenesis } from "./chain.ts";
import { ManualClock } from "./clock.ts";
import { MemoryDatabase } from "./database.ts";

export interface TestPool extends TestChain {
  mempool: Mempool;
  /** The checks as in the node, which do not repeat the mempool's signature checks. */
  checks: BlockChecks;
  database: MemoryDatabase;
  /** Resolves to the sorted ids of a mempool that starts from the current disk. */
  stored(): Promise<string[]>;
  /** Resolves to the ids in each batch on disk. */
  batches(): Promise<string[][]>;
  /** Returns the sorted ids of the acknowledged entries. */
  durable(): string[];
  /** Starts a node from the current disk, or from `from`. */
  restart(from?: MemoryDatabase): Promise<TestPool>;
}

/** Makes a chain and its mempool, wired as in the node. */
export async function testPool(
  options: {
    limits?: Partial<MempoolLimits>;
    database?: MemoryDatabase;
    genesis?: TestChain["genesis"];
    clock?: ManualClock;
    verify?: Verify;
    rules?: KnownRules;
    pause?: Pause;
    log?: TransactionLog;
  } = {},
): Promise<TestPool> {
  const genesis = options.genesis ?? (await testGenesis());
  const database = options.database ?? new MemoryDatabase();
  const clock = options.clock ?? new ManualClock();
  const store = new MempoolStore(database);
  const verify = options.verify ?? verifySignatures;
  const mempoolOn = (chain: Chain, on: MemoryDatabase) =>
    new Mempool({
      config: {
        get minFee() {
          return chain.snapshot.parameters.minFee;
        },
      },
      genesisId: genesis.id,
      limits: { ...defaultMempoolLimits, ...options.limits },
      account: (address) => chain.state.get(address),
      height: () => chain.head.height,
      verify,
      database: on,
      store: new MempoolStore(on),
      clock,
      logger: silentLogger,
      log: options.log ?? noLog,
      pause: options.pause ?? (async () => undefined),
    });
  const joined = Promise.withResolvers<Mempool>();
  const node = await testChain({
    genesis,
    database,
    clock,
    chain: {
      ...(options.rules && { rules: options.rules }),
      ...(options.pause && { pause: options.pause }),
      verify,
    },
    async participants(chain) {
      const mempool = mempoolOn(chain, database);
      await mempool.start();
      joined.resolve(mempool);
      return [mempool];
    },
  });
  const mempool = await joined.promise;
  const checks: BlockChecks = {
    ...node.chain.checks,
    verifyTransactions: (records) => mempool.verify(records),
  };
  return {
    ...node,
    check: (block) => checkBlock(encoded(block), checks),
    add: async (block) => node.chain.importBlock(await checkBlock(encoded(block), checks)),
    async addAll(tip) {
      for (const block of tip.blocks) await node.chain.importBlock(await checkBlock(encoded(block), checks));
    },
    checks,
    database,
    mempool,
    async stored() {
      const again = mempoolOn(node.chain, database.copy());
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

const noLog: TransactionLog = {
  encode: () => [],
  prepare: () => ({ writes: [], applied: () => undefined }),
  append: () => undefined,
};

function durableIds(mempool: Mempool): string[] {
  return [...mempool.entries()]
    .filter(({ batch }) => batch)
    .map(({ record }) => record.idHex)
    .sort();
}

/** Signs transfers and resolves to their records. */
export async function recordsOf(
  { mempool, maker }: TestPool,
  transfers: Transfer[],
): Promise<TransactionRecord[]> {
  return mempool.records(await Promise.all(transfers.map((transfer) => maker.transfer(transfer))));
}

/** Holds the next commit until it is released. */
export function holdCommit(pool: TestPool): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  pool.database.beforeCommit = () => {
    pool.database.beforeCommit = async () => undefined;
    return promise;
  };
  return resolve;
}

/** Checks that disk and memory agree, and that no batch on disk is without a waiting transaction. */
export async function agree(pool: TestPool): Promise<void> {
  const durable = pool.durable();
  expect(await pool.stored()).toEqual(durable);
  for (const ids of await pool.batches()) expect(ids.some((id) => durable.includes(id))).toBe(true);
}
