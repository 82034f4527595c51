import { checkBlock } from "../../../src/chain/block-check.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { CompactBlock, encodeRecords } from "../../../src/types/index.ts";
import { type Context, defineFigure, type Figure, type Measured } from "../figure.ts";
import { longestBlockMs } from "../lib/event-loop.ts";
import { benchChain, Peer } from "../lib/peer.ts";
import { presign, recordsOf } from "../lib/presign.ts";
import { median } from "../lib/statistics.ts";
import { CpuWatch } from "../lib/usage.ts";
import { withVerifyLimit } from "../lib/verify-limit.ts";

/** `rounds` is the number of blocks that are imported, one after another. */
type ImportSettings = { transactions: number; rounds: number; senders: number };

/** Imports a compact block from gossip whose transactions all wait in the mempool. */
async function importPooled(peer: Peer, { header, records, idHex }: CanonicalBlock): Promise<void> {
  const shortIds = records.map(({ id }) => id.subarray(0, 8));
  const message = CompactBlock.serialize({ header, shortIds });
  const imported = peer.hasHead(idHex);
  await peer.receive(message);
  await imported;
}

/** Imports a downloaded block whose transactions are all unknown. */
async function importUnknown({ chain }: Peer, { header, records }: CanonicalBlock): Promise<void> {
  const body = encodeRecords(records);
  await chain.importBlock(await checkBlock({ header, body }, chain.checks));
}

export async function measureImport(
  context: Context,
  { transactions, rounds, senders }: ImportSettings,
  pooled: boolean,
): Promise<Measured> {
  const chain = await benchChain({ senders });
  const { genesis } = chain;
  const presigned = await presign(genesis.id, senders, transactions * rounds);
  const proposer = await Peer.create(context, "proposer", chain);
  const peer = await Peer.create(context, "peer", chain);
  const times: number[] = [];
  const blocked: number[] = [];
  const { limit, result, verifyCpuMs } = await withVerifyLimit(async () => {
    let cpuSeconds = 0;
    for (let round = 0; round < rounds; round++) {
      const first = round * transactions;
      const block = await proposer.produce(recordsOf(presigned, genesis.id, first, first + transactions));
      if (pooled) {
        const outcomes = await peer.mempool.add(block.records, "gossip");
        if (outcomes.some(({ accepted }) => !accepted)) throw new Error("a transaction was refused");
      }
      const watch = new CpuWatch([]);
      const { blockedMs } = await longestBlockMs(async () => {
        const startedAt = performance.now();
        await (pooled ? importPooled(peer, block) : importUnknown(peer, block));
        times.push(performance.now() - startedAt);
      });
      cpuSeconds += watch.read().loadCpuSeconds;
      blocked.push(blockedMs);
      if (peer.chain.head.idHex !== block.idHex) throw new Error("the block was not imported");
    }
    return { cpuSeconds };
  });
  // The first round compiles the code.
  const [, ...warm] = times;
  return {
    value: median(warm),
    unit: "ms",
    limit: {
      what: "ms to verify as many signatures on two threads",
      value: (transactions / limit.value) * 1_000,
    },
    cpuSeconds: result.cpuSeconds,
    details: {
      cpuMsPerBlock: (result.cpuSeconds * 1_000) / rounds,
      verifyCpuMs,
      firstMs: times[0]!,
      slowestMs: Math.max(...warm),
      blockedMs: median(blocked.slice(1)),
      longestBlockedMs: Math.max(...blocked.slice(1)),
    },
  };
}

const sizes = [1_000, 10_000];
const settingsOf = (rounds: number) =>
  sizes.map((transactions) => ({ transactions, rounds, senders: 1_000 }));

export const importFigures: readonly Figure[] = [true, false].map((pooled) =>
  defineFigure<ImportSettings>({
    name: pooled ? "import-pooled" : "import-unknown",
    measures: pooled
      ? "import of a block whose transactions are in the mempool"
      : "import of a block of which no transaction is known",
    quick: settingsOf(10),
    full: settingsOf(20),
    goals: ({ transactions }) =>
      pooled && transactions === 10_000
        ? [
            { of: "value", is: "<", bound: 150 },
            { of: "blockedMs", is: "<", bound: 50 },
          ]
        : [],
    run: (context, settings) => measureImport(context, settings, pooled),
  }),
);
