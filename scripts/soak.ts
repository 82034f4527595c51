/**
 * Runs N authorities on this machine for some minutes and watches that they stay in step. Prints figures every minute and at
 * the end; exits with 1 where a node ends, or falls out of step: no block in common within 3 of the highest head for longer
 * than 10 periods. Usage: npm run soak -- [nodes=10] [minutes=10] [periodMs=1000]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { table } from "../src/cli/output.ts";
import { messageOf } from "../src/util/errors.ts";
import { type DevnetNode, lastLines, startNodes, stopNodes } from "./devnet/nodes.ts";
import { prepareData } from "./devnet/prepare.ts";

/** Kernel clock ticks a second, in /proc/<pid>/stat. */
const ticksPerSecond = 100;
const pageMiB = 4096 / 2 ** 20;
/** Nodes of a loaded machine need some time to start and to connect. */
const startTimeoutMs = 90_000;
const maxLag = 3;

interface Head {
  height: number;
  id: string;
}

const [nodeCount = 10, minutes = 10, periodMs = 1_000] = process.argv.slice(2).map(Number);
if (![nodeCount, minutes, periodMs].every((value) => value > 0)) {
  console.error("usage: npm run soak -- [nodes=10] [minutes=10] [periodMs=1000]");
  process.exit(2);
}

const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopped.abort());
const { signal } = stopped;
const dataDir = mkdtempSync(join(tmpdir(), "ccoin-soak-"));
const retracted = new Map<number, number>();
let nodes: DevnetNode[] = [];
let failed = false;
try {
  const { genesisId } = await prepareData({ dataDir, count: nodeCount, periodMs, signal });
  nodes = startNodes({ dataDir, count: nodeCount, genesisId });
  await untilAll("ready", startTimeoutMs);
  for (const node of nodes) void watchRetractions(node);
  await watch();
} catch (error) {
  if (!signal.aborted) {
    failed = true;
    console.error(`soak: ${messageOf(error)}`);
    for (const node of nodes) console.error(`node ${node.id}:\n${lastLines(node)}`);
  }
} finally {
  stopped.abort();
  await stopNodes(nodes);
}
rmSync(dataDir, { recursive: true, force: true });
console.log(failed ? "failed" : "in step");
process.exit(failed ? 1 : 0);

async function watch(): Promise<void> {
  const startedAt = performance.now();
  const endsAt = startedAt + minutes * 60_000;
  let reportAt = startedAt + 60_000;
  let inStepAt = startedAt;
  let cpu = cpuSeconds();
  let cpuAt = startedAt;
  while (!signal.aborted) {
    const now = performance.now();
    for (const node of nodes) {
      if (node.code !== undefined) throw new Error(`node ${node.id} ended with ${node.code}`);
    }
    const heads = await Promise.all(nodes.map(fetchHead));
    if (await areInStep(heads)) inStepAt = performance.now();
    else if (now - inStepAt > 10 * periodMs) {
      throw new Error(`out of step: heights ${heads.map((head) => head?.height ?? "-").join(" ")}`);
    }
    if (now >= reportAt || now >= endsAt) {
      const used = cpuSeconds();
      report((now - startedAt) / 1000, heads, (100 * (used - cpu)) / ((now - cpuAt) / 1000));
      cpu = used;
      cpuAt = now;
      reportAt += 60_000;
    }
    if (now >= endsAt) return;
    await sleep(Math.min(periodMs, 1_000), undefined, { signal });
  }
}

function report(seconds: number, heads: (Head | undefined)[], cpuPercent: number): void {
  const heights = heads.map((head) => head?.height ?? 0);
  const forks = nodes.map((node) => retracted.get(node.id) ?? 0);
  const rows = [
    [`${seconds.toFixed()} s`, `${Math.max(...heights)} blocks`],
    ["heights", heights.join(" ")],
    ["retracted blocks", forks.join(" ")],
    ["memory, MiB", nodes.map((node) => memoryMiB(node).toFixed()).join(" ")],
    ["CPU, all nodes", `${cpuPercent.toFixed()} % of a core`],
    ["load", readFileSync("/proc/loadavg", "utf8").split(" ", 3).join(" ")],
  ] as const;
  console.log(`${table(rows)}\n`);
}

/** Whether all have the same block at a height at most 3 below the highest head. */
async function areInStep(heads: readonly (Head | undefined)[]): Promise<boolean> {
  const heights = heads.map((head) => head?.height ?? Number.NEGATIVE_INFINITY);
  const top = Math.max(...heights);
  const common = Math.min(...heights);
  if (top - common > maxLag) return false;
  for (let height = common; height >= Math.max(0, top - maxLag); height--) {
    const ids = await Promise.all(nodes.map((node) => fetchBlockId(node, height)));
    if (new Set(ids).size === 1 && ids[0] !== undefined) return true;
  }
  return false;
}

async function untilAll(mode: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (const node of nodes) {
    while ((await get<{ mode: string }>(node, "/v1/status"))?.mode !== mode) {
      if (performance.now() > deadline) throw new Error(`node ${node.id} is not ${mode}`);
      await sleep(200, undefined, { signal });
    }
  }
}

async function fetchHead(node: DevnetNode): Promise<Head | undefined> {
  return (await get<{ head: Head }>(node, "/v1/status"))?.head;
}

async function fetchBlockId(node: DevnetNode, height: number): Promise<string | undefined> {
  return (await get<{ id: string }>(node, `/v1/blocks/${height}`))?.id;
}

/** Nothing where the node does not answer. */
async function get<T>(node: DevnetNode, path: string): Promise<T | undefined> {
  try {
    const response = await fetch(node.url + path, { signal: AbortSignal.timeout(5_000) });
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

/** Counts the blocks that reorganizations took away. */
async function watchRetractions(node: DevnetNode): Promise<void> {
  try {
    const response = await fetch(`${node.url}/v1/events?types=retracted`, { signal });
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const count = text.split("event: retracted").length - 1;
      if (count > 0) retracted.set(node.id, (retracted.get(node.id) ?? 0) + count);
    }
  } catch {
    // The node or the run has ended.
  }
}

function stat(node: DevnetNode): string[] {
  const text = readFileSync(`/proc/${node.process.pid}/stat`, "utf8");
  // The command in parentheses may hold spaces.
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function memoryMiB(node: DevnetNode): number {
  return Number(stat(node)[21]) * pageMiB;
}

/** Of all nodes since their start, user and system. */
function cpuSeconds(): number {
  const ticks = nodes.map((node) => Number(stat(node)[11]) + Number(stat(node)[12]));
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}
