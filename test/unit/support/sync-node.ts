import type { ChainStatus } from "../../../protocols/index.ts";
import type { CheckedGenesis } from "../../../src/chain/genesis.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { BlockInbox } from "../../../src/sync/block-inbox.ts";
import { ownStatus } from "../../../src/sync/claimed-status.ts";
import { Outbox } from "../../../src/sync/outbox.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import { serveChain } from "../../../src/sync/serve.ts";
import { Synchronizer } from "../../../src/sync/synchronizer.ts";
import { Topics } from "../../../src/sync/topics.ts";
import { TransactionInbox } from "../../../src/sync/transaction-inbox.ts";
import { CompactBlock, type SignedHeader } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { line as plainLine } from "../../own-line.ts";
import { transactionRecord } from "../../transaction-record.ts";
import type { Tip } from "./chain.ts";
import { ManualClock } from "./clock.ts";
import { type TestPool, testPool } from "./mempool.ts";
import type { FakeNetwork, FakeNode } from "./network.ts";

/** Verifies in this thread, so that a manual clock knows when it is done. */
export const verifyHere: Verify = verifySignatures;

export interface SyncNode extends TestPool {
  network: FakeNode;
  statuses: PeerStatuses;
  inbox: BlockInbox;
  transactions: TransactionInbox;
  synchronizer: Synchronizer;
  outbox: Outbox;
  /** The changes between `behind` and `inStep`, without repetitions. */
  steps: string[];
  farAhead: string[];
  /** The headers that were reported to the equivocation watch. */
  signed: SignedHeader[];
  /** Ids of the blocks that more than a third of the authorities have voted for. */
  votedFor: Set<string>;
  logs: string[];
  status(): ChainStatus;
  start(alone?: boolean): void;
  stop(): Promise<void>;
}

/** Makes everything of a node between network and chain, wired as in `chain-services.ts`. */
export async function syncNode(
  net: FakeNetwork,
  id: string,
  genesis: CheckedGenesis,
  options: Parameters<typeof testPool>[0] = {},
): Promise<SyncNode> {
  const clock = net.clock as ManualClock;
  const pool = await testPool({ genesis, clock, verify: verifyHere, ...options });
  const { chain, checks, mempool } = pool;
  const network = net.node(id);
  const line = { ...plainLine, recoveries: chain.tree.recoveries.ids };
  const logs: string[] = [];
  const log = (level: string) => (fields: object, message: string) => {
    logs.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    child: () => logger,
  };
  const status = (): ChainStatus => ownStatus(genesis.id, chain, clock.now(), line);
  const common = { network, clock, logger };
  const statuses = new PeerStatuses({ ...common, recoveries: () => line.recoveries, status });
  const farAhead: string[] = [];
  const signed: SignedHeader[] = [];
  const votedFor = new Set<string>();
  const inbox = new BlockInbox({
    ...common,
    chain,
    checks,
    mempool,
    statuses: {
      ask: (peer) => {
        farAhead.push(peer);
        return statuses.ask(peer);
      },
    },
    evidence: { seenHeader: (header) => signed.push(header) },
    finalizer: { isVotedFor: (id) => votedFor.has(toHex(id)) },
  });
  const topics = new Topics({ ...common, chain, line });
  const outbox = new Outbox({ ...common, topics, mempool });
  const transactions = new TransactionInbox({ network, mempool, logger, outbox });
  const steps: string[] = [];
  const step = (name: string) => {
    if (steps.at(-1) !== name) steps.push(name);
  };
  const synchronizer = new Synchronizer({
    ...common,
    chain,
    checks,
    statuses,
    inbox,
    onBehind: () => step("behind"),
    onInStep: () => step("inStep"),
  });
  serveChain(network, chain, mempool);
  await topics.join({
    blocks: (message, from) => inbox.onGossip(message, from),
    transactions: (message, from) => transactions.onGossip(message, from),
    votes: async () => "ignore",
    evidence: async () => "ignore",
  });
  return {
    ...pool,
    network,
    statuses,
    inbox,
    transactions,
    synchronizer,
    outbox,
    steps,
    farAhead,
    signed,
    votedFor,
    logs,
    status,
    start(alone = false) {
      statuses.start();
      outbox.start();
      synchronizer.start(alone);
    },
    async stop() {
      await synchronizer.stop();
      inbox.stop();
      transactions.stop();
      outbox.stop();
      mempool.stop();
      statuses.stop();
      topics.stop();
    },
  };
}

/** Encodes the last block of `tip` for gossip; `edit` changes its short ids. */
export function compact(
  tip: Tip,
  { domain }: { domain: Uint8Array },
  edit: (shortIds: Uint8Array[]) => Uint8Array[] = (shortIds) => shortIds,
): Uint8Array {
  const { header, transactions } = tip.blocks.at(-1)!;
  const shortIds = transactions.map((transaction) => transactionRecord(transaction, domain).id.slice(0, 8));
  return CompactBlock.serialize({ header, shortIds: edit(shortIds) });
}

/** Advances the clock in small steps until a condition holds. @throws after `maxMs` */
export async function until(clock: ManualClock, holds: () => boolean, maxMs = 60_000): Promise<void> {
  for (let waited = 0; !holds(); waited += 50) {
    if (waited > maxMs) throw new Error(`not within ${maxMs} ms: ${holds}`);
    await clock.advance(50);
  }
}

/** Makes a clock that lets all work in this thread end before it advances. */
export function settledClock(): ManualClock {
  const clock = new ManualClock();
  clock.settle = async () => {
    for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
  };
  return clock;
}
