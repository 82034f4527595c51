import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../e2e/harness/until.ts";
import { defineFigure } from "../figure.ts";
import { benchNetwork, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { postAll } from "../lib/poster.ts";
import { presign } from "../lib/presign.ts";
import { buildRequests } from "../lib/requests.ts";
import { transferBytes } from "../lib/senders.ts";
import { CpuWatch, memoryOf } from "../lib/usage.ts";

type MempoolSettings = { transactions: number; senders: number };

const perRequest = 1_000;

export const mempoolFigure = defineFigure<MempoolSettings>({
  name: "mempool",
  measures: "memory that waiting transactions take in a node that makes no blocks, and its start with them",
  quick: [{ transactions: 25_000, senders: 10_000 }],
  // The pool takes this many at the chain's least fee.
  full: [{ transactions: 50_000, senders: 10_000 }],
  async run(context, { transactions, senders }) {
    const { nodes, genesis } = await benchNetwork(context, { authorities: 1, senders });
    const [node] = nodes;
    const presigned = await presign(genesis, senders, transactions);
    const indexes = Array.from({ length: transactions }, (_, index) => index);
    await startNodes(nodes, ["--no-mine"]);
    await sleep(1_000);
    const before = memoryOf(node!.process.pid);
    const watch = new CpuWatch(pidsOf(nodes));
    await postAll({
      host: node!.machine.address,
      port: node!.httpPort,
      connections: 4,
      requests: buildRequests(presigned, "ssz", indexes, perRequest),
      maxAhead: 50,
    });
    // Leaves time to collect the garbage of the posts.
    await sleep(5_000);
    const usage = watch.read();
    const bytes = memoryOf(node!.process.pid).bytes - before.bytes;
    await stopNodes(nodes);
    const startedAt = performance.now();
    node!.start("--no-mine", "--no-mdns", "--log-level=warn");
    const isFull = () => node!.status().then(({ mempool }) => mempool.count === transactions);
    await until("the mempool is full again", isFull, { everyMs: 10, timeoutMs: 120_000 });
    const restartMs = performance.now() - startedAt;
    const restarted = memoryOf(node!.process.pid);
    await stopNodes(nodes);
    return {
      value: bytes / transactions,
      unit: "bytes of memory/tx",
      limit: { what: "bytes of the encoded transaction", value: transferBytes },
      ...usage,
      details: {
        memoryMb: (before.bytes + bytes) / 1e6,
        aboveEmptyMb: bytes / 1e6,
        restartMs,
        restartedMemoryMb: restarted.bytes / 1e6,
      },
    };
  },
});
