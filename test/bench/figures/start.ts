import type { TestNode } from "../../e2e/harness/node.ts";
import { until } from "../../e2e/harness/until.ts";
import { defineFigure } from "../figure.ts";
import { stopNodes } from "../lib/bench-network.ts";
import { builtCommand } from "../lib/built-command.ts";
import { chainFixture } from "../lib/chain-fixture.ts";
import { nodeWithAccounts } from "../lib/many-accounts.ts";
import { median } from "../lib/statistics.ts";
import { cpuSeconds, memoryOf } from "../lib/usage.ts";

/** The contents of the node's database: this many accounts, or this many empty blocks. */
type StartSettings = { accounts: number; blocks: number; rounds: number };

interface Started {
  readyMs: number;
  cpuSeconds: number;
  bytes: number;
  peakBytes: number;
}

/** Measures a start from the start of the process to the mode `ready`. */
async function startOnce(node: TestNode): Promise<Started> {
  const startedAt = performance.now();
  node.start("--no-mine", "--no-mdns", "--log-level=warn");
  const isReady = () => node.status().then(({ mode }) => mode === "ready");
  await until(`node ${node.id} is ready`, isReady, { everyMs: 5, timeoutMs: 600_000 });
  const readyMs = performance.now() - startedAt;
  const { pid } = node.process;
  const started = { readyMs, cpuSeconds: cpuSeconds(pid), ...memoryOf(pid) };
  await stopNodes([node]);
  return started;
}

/** Resolves to the medians of several starts, without the first, which finds the disk's caches empty. */
async function measureStarts(node: TestNode, rounds: number): Promise<Started> {
  await startOnce(node);
  const starts: Started[] = [];
  for (let round = 0; round < rounds; round++) starts.push(await startOnce(node));
  const middle = (field: keyof Started) => median(starts.map((started) => started[field]));
  return {
    readyMs: middle("readyMs"),
    cpuSeconds: middle("cpuSeconds"),
    bytes: middle("bytes"),
    peakBytes: middle("peakBytes"),
  };
}

export const startFigure = defineFigure<StartSettings>({
  name: "start",
  measures:
    "from the start of the process to ready, with many accounts or many blocks, and the memory that they take; of the built package",
  quick: [
    { accounts: 1_000_000, blocks: 0, rounds: 2 },
    { accounts: 0, blocks: 2_000, rounds: 3 },
  ],
  full: [
    { accounts: 100_000, blocks: 0, rounds: 3 },
    { accounts: 1_000_000, blocks: 0, rounds: 3 },
    { accounts: 0, blocks: 100_000, rounds: 3 },
  ],
  goals: ({ accounts }) =>
    accounts === 1_000_000
      ? [
          { of: "value", is: "<", bound: 3_000 },
          { of: "aboveEmptyMb", is: "<", bound: 250 },
          { of: "emptyMs", is: "<=", bound: 450 },
        ]
      : [],
  async run(context, { accounts, blocks, rounds }) {
    const empty = await nodeWithAccounts(context, 2, 1);
    const node =
      accounts > 0
        ? await nodeWithAccounts(context, 1, accounts)
        : (await chainFixture(context, { blocks, transactionsPerBlock: 0, senders: 1 })).nodes[0]!;
    for (const each of [empty, node]) each.program = builtCommand();
    const bare = await measureStarts(empty, rounds);
    const measured = await measureStarts(node, rounds);
    return {
      value: measured.readyMs,
      unit: "ms",
      limit: { what: "ms for an empty node", value: bare.readyMs },
      cpuSeconds: measured.cpuSeconds,
      peakMemoryBytes: measured.peakBytes,
      details: {
        aboveEmptyMb: (measured.bytes - bare.bytes) / 1e6,
        memoryMb: measured.bytes / 1e6,
        emptyMs: bare.readyMs,
        emptyMemoryMb: bare.bytes / 1e6,
        emptyCpuSeconds: bare.cpuSeconds,
      },
    };
  },
});
