import type { BlockChecks } from "../chain/block-check.ts";
import { Chain } from "../chain/chain.ts";
import { Chronicle } from "../chain/chronicle.ts";
import { SideBlocks } from "../chain/side-blocks.ts";
import { chainStores } from "../chain/stores.ts";
import { defaultMempoolLimits } from "../mempool/limits.ts";
import { Mempool } from "../mempool/mempool.ts";
import { Indexer } from "../storage/indexer.ts";
import { MempoolStore } from "../storage/mempool.ts";
import type { ChainSetup } from "./chain-setup.ts";
import { blockLog, transactionLog } from "./event-records.ts";

export interface OpenedChain {
  chain: Chain;
  mempool: Mempool;
  sideBlocks: SideBlocks;
  chronicle: Chronicle;
  /** The checks of a block. Signatures that the mempool has checked are not checked again. */
  checks: BlockChecks;
}

/** Opens the chain and the mempool, and brings both to the same head. */
export async function openChain(setup: ChainSetup): Promise<OpenedChain> {
  const { genesis, database, eventLog, verify, clock, logger, closers } = setup;
  const chain = await Chain.load({
    genesis,
    rules: setup.rules,
    stores: chainStores(database, new Indexer(database, clock)),
    verify,
    clock,
    logger,
    seed: setup.hashSeed,
    pause: setup.pause,
    startTimer: setup.startTimer,
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
    pause: setup.pause,
  });
  const sideBlocks = await SideBlocks.open(chain, { database, clock });
  const chronicle = new Chronicle(chain, { database, clock, pause: setup.pause, logger });
  await mempool.start();
  closers.push("mempool", () => mempool.stop());
  await chain.resume([blockLog(eventLog), mempool, sideBlocks]);
  const folding = new AbortController();
  // A write that fails ends the node.
  chain.foldAccounts(folding.signal).catch(() => undefined);
  closers.push("account pages", () => folding.abort());
  const checks = { ...chain.checks, verifyTransactions: mempool.verify.bind(mempool) };
  return { chain, mempool, sideBlocks, chronicle, checks };
}

/** The least fee by the rules of the next block; the voted one if this program does not know those rules. */
function minFeeAfter({ snapshot, rules }: Pick<Chain, "snapshot" | "rules">): bigint {
  const { parameters } = snapshot;
  return rules.knows(snapshot) ? rules.execution(parameters).minFee : parameters.minFee;
}
