/**
 * Runs five authorities under transfers for hours, one of which is killed with SIGKILL every few minutes and restarted.
 * Prints figures every minute. Exits with 1 if the network stood still, an acknowledged transaction is missing at the
 * end, the chains differ, or the heap of a node that was never killed grew (after the warm-up, by least squares,
 * garbage collected).
 * Usage: npm run soak -- [--nodes 5] [--minutes 120] [--warm-up 30] [--period 1000] [--every 200] [--kill-every 5]
 *   every: ms between the transfers of each node; kill-every: minutes, 0 for never;
 *   snapshots: folder for heap snapshots at both ends
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { table } from "../src/cli/output.ts";
import { createNetwork, startAll } from "../test/e2e/harness/network.ts";
import type { TestNode } from "../test/e2e/harness/node.ts";
import { closeOnSignal, openWorld, type World } from "../test/e2e/harness/open-world.ts";
import { scriptArgs } from "../test/e2e/harness/script-args.ts";
import { Traffic } from "../test/e2e/harness/traffic.ts";
import { InspectedHeap } from "../test/faults/inspected-heap.ts";
import { Progress } from "../test/faults/progress.ts";
import { checkPromises } from "../test/faults/promises.ts";
import { slope } from "../test/faults/slope.ts";

const minuteMs = 60_000;
const MB = 1e6;
const maxSlope = 1;
/** The number of nodes that are killed; the others run from beginning to end. */
const killedNodes = 2;
/** A killed node must come back within this time; the figures say how long it took. */
const recoveryTimeoutMs = 10 * minuteMs;

const number = (value: number) => ({ type: "string", default: String(value) }) as const;
const { values } = scriptArgs(import.meta.filename, {
  options: {
    nodes: number(5),
    minutes: number(120),
    "warm-up": number(30),
    period: number(1_000),
    every: number(200),
    "kill-every": number(5),
    snapshots: { type: "string" },
  },
});

interface Watched {
  heap: InspectedHeap;
  /** Samples as [hours, MB]. */
  points: [number, number][];
}

async function soak(world: World): Promise<boolean> {
  const network = await createNetwork(world, {
    nodes: Number(values.nodes),
    periodMs: Number(values.period),
  });
  const { nodes } = network;
  const victims = Number(values["kill-every"]) > 0 ? nodes.slice(-killedNodes) : [];
  const watched = nodes.slice(0, nodes.length - victims.length).map((node, index): Watched => {
    return { heap: InspectedHeap.of(node, index), points: [] };
  });
  await startAll(network);
  const traffic = new Traffic(network, Number(values.every));
  const progress = new Progress(nodes, traffic);
  world.onEnd(() => Promise.allSettled([progress.stop(), traffic.stop()]));
  const startedAt = performance.now();
  const minutes = Number(values.minutes);
  const warmUp = Number(values["warm-up"]);
  let kills = 0;
  let recoveryMs = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    await sleep(startedAt + minute * minuteMs - performance.now());
    for (const each of watched) await measure(each, startedAt);
    report(minute, nodes, watched, { traffic, progress, kills });
    if (minute === Math.round(warmUp)) await writeSnapshots(watched, "begin");
    if (victims.length > 0 && minute % Number(values["kill-every"]) === 0 && minute < minutes) {
      const victim = victims[kills++ % victims.length]!;
      const { height } = progress;
      const killedAt = performance.now();
      await victim.kill();
      victim.start();
      await victim.height(height, recoveryTimeoutMs);
      recoveryMs = Math.max(recoveryMs, performance.now() - killedAt);
    }
  }
  await writeSnapshots(watched, "end");
  await progress.stop();
  await traffic.stop();
  const { height, transactions } = await checkPromises(network, traffic.accepted);
  console.log(
    `${minutes} minutes, ${kills} kills: ${height} blocks and ${transactions} transactions the same on ${nodes.length} nodes, ` +
      `${traffic.accepted.size} acknowledged, 0 missing; longest without a new block ${seconds(progress.blockGapMs)}, ` +
      `without an accepted transaction ${seconds(progress.acceptGapMs)}; back after a kill within ${seconds(recoveryMs)}`,
  );
  const grown = slopes(watched);
  console.log(
    `heap after the first ${warmUp} minutes, MB/h: ${grown.map((each) => each.toFixed(2)).join(" ")}`,
  );
  return grown.every((each) => each < maxSlope);
}

function slopes(watched: readonly Watched[]): number[] {
  const fromHours = (Number(values["warm-up"]) - 0.5) / 60;
  return watched.map(({ points }) => slope(points.filter(([hours]) => hours > fromHours)));
}

async function measure({ heap, points }: Watched, startedAt: number): Promise<void> {
  const used = await heap.usedBytes();
  points.push([(performance.now() - startedAt) / (60 * minuteMs), used / MB]);
}

async function writeSnapshots([first]: readonly Watched[], name: string): Promise<void> {
  if (values.snapshots) await first?.heap.writeSnapshot(join(values.snapshots, `${name}.heapsnapshot`));
}

function report(
  minute: number,
  nodes: readonly TestNode[],
  watched: readonly Watched[],
  seen: { traffic: Traffic; progress: Progress; kills: number },
): void {
  const { traffic, progress, kills } = seen;
  const rows = [
    [`${minute} min`, `${progress.height} blocks, ${traffic.accepted.size} transactions, ${kills} kills`],
    ["heap and buffers, MB", watched.map(({ points }) => points.at(-1)![1].toFixed(2)).join(" ")],
    [
      "slope after warm-up, MB/h",
      slopes(watched)
        .map((each) => each.toFixed(2))
        .join(" "),
    ],
    ["resident, MB", nodes.map((node) => residentMB(node).toFixed()).join(" ")],
    ["longest gaps", `blocks ${seconds(progress.blockGapMs)}, transactions ${seconds(progress.acceptGapMs)}`],
    ["waited for a core, %", nodes.map((node) => waitedPercent(node).toFixed()).join(" ")],
  ] as const;
  console.log(`${table(rows)}\n`);
}

function residentMB(node: TestNode): number {
  const status = readFileSync(`/proc/${node.process.pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / MB;
}

/** Returns the share of its life in which the node waited for a busy core. */
function waitedPercent({ process: { pid } }: TestNode): number {
  const waitedNs = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]);
  const startedTicks = Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")[19]);
  const upSeconds = Number.parseFloat(readFileSync("/proc/uptime", "utf8"));
  return (100 * waitedNs) / 1e9 / (upSeconds - startedTicks / 100);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

const { world, close } = openWorld();
closeOnSignal(close);
let sound = false;
try {
  sound = await soak(world);
} catch (error) {
  console.error("FAILED", error);
} finally {
  await close(!sound);
}
process.exitCode = sound ? 0 : 1;
