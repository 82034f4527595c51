import { checkBlock } from "../../../src/chain/block-check.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { encodeRecords } from "../../../src/types/index.ts";
import { defineFigure } from "../figure.ts";
import { longestBlockMs } from "../lib/event-loop.ts";
import { benchChain, Peer } from "../lib/peer.ts";
import { presign, recordsOf } from "../lib/presign.ts";
import { CpuWatch } from "../lib/usage.ts";

/** `returning`: the other branch is empty, so that all transactions return to the mempool. */
type ReorganizeSettings = { blocks: number; transactionsPerBlock: number; returning?: true };

const senders = 100;
/** A node stores few more blocks beside the canonical chain of one proposer. */
const blocksPerAuthority = 50;
/** Milliseconds for which nothing else happens. */
const mostBlockedMs = 50;

/** Imports blocks in order; resolves to the outcome and the time of each. */
async function importAll({ chain }: Peer, blocks: readonly CanonicalBlock[]) {
  const imports: { outcome: string; ms: number }[] = [];
  for (const { header, records } of blocks) {
    const checked = await checkBlock({ header, body: encodeRecords(records) }, chain.checks);
    const startedAt = performance.now();
    const outcome = await chain.importBlock(checked);
    imports.push({ outcome, ms: performance.now() - startedAt });
  }
  return imports;
}

export const reorganizeFigure = defineFigure<ReorganizeSettings>({
  name: "reorganize",
  measures: "the import that leaves a branch of so many blocks for a heavier one of the same length",
  quick: [
    ...[10, 100].map((blocks) => ({ blocks, transactionsPerBlock: 10 })),
    { blocks: 100, transactionsPerBlock: 1_000, returning: true },
  ],
  full: [
    ...[10, 100, 1_000].map((blocks) => ({ blocks, transactionsPerBlock: 10 })),
    { blocks: 10, transactionsPerBlock: 1_000 },
    { blocks: 100, transactionsPerBlock: 1_000 },
    { blocks: 100, transactionsPerBlock: 1_000, returning: true },
  ],
  goals: () => [{ of: "blockedMs", is: "<", bound: mostBlockedMs }],
  async run(context, { blocks, transactionsPerBlock, returning }) {
    const chain = await benchChain({ senders, authorities: Math.ceil(blocks / blocksPerAuthority) });
    const { genesis } = chain;
    const presigned = await presign(genesis.id, senders, (blocks + 1) * transactionsPerBlock);
    const recordsAt = (height: number) =>
      recordsOf(presigned, genesis.id, (height - 1) * transactionsPerBlock, height * transactionsPerBlock);
    const peer = await Peer.create(context, "peer", chain);
    const other = await Peer.create(context, "other", chain);
    const fresh = await Peer.create(context, "fresh", chain);
    const branch: CanonicalBlock[] = [];
    for (let height = 1; height <= blocks + 1; height++) {
      if (height <= blocks) await peer.produce(recordsAt(height));
      branch.push(await other.produce(returning ? [] : recordsAt(height), height === 1 ? 1 : 0));
    }
    const plain = await importAll(fresh, branch);
    const watch = new CpuWatch([]);
    const { result: imports, blockedMs } = await longestBlockMs(() => importAll(peer, branch));
    // Either of two branches of equal weight may win; then the last block but one moves the head.
    const depth = imports.findIndex(({ outcome }) => outcome === "head") + 1;
    if (depth < blocks) throw new Error(`the branch became the head after ${depth} blocks`);
    const returned = returning ? blocks * transactionsPerBlock : 0;
    if (peer.mempool.count !== returned) throw new Error(`${peer.mempool.count} transactions returned`);
    const { loadCpuSeconds: cpuSeconds } = watch.read();
    return {
      value: imports[depth - 1]!.ms,
      unit: "ms",
      limit: {
        what: "ms to import the new branch block by block",
        value: plain.slice(0, depth).reduce((sum, { ms }) => sum + ms, 0),
      },
      cpuSeconds,
      details: { depth, blockedMs },
    };
  },
});
