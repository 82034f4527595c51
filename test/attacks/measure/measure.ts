import { setTimeout as sleep } from "node:timers/promises";
import type { BlockAnswer, TestNode } from "../../e2e/harness/node.ts";
import type { Process } from "../../e2e/harness/process.ts";
import { patience, until } from "../../e2e/harness/until.ts";
import type { Adversary, Attack } from "../attack.ts";
import type { Offence, Reports } from "../lib/job.ts";
import { honestAccount } from "./accounts.ts";
import { type AttackNetwork, periodMs } from "./network.ts";
import { limits, promisesBroken, type Result } from "./result.ts";
import { cpuSecondsOf, machineCpuSeconds, Samples } from "./samples.ts";

/** Time before the measurement begins. */
const settleMs = 2_000;
const transferEveryMs = 3_000;
/** A transfer that is in no block after this time counts as lost. */
const transferPatienceMs = 30_000;
/** Time after which a node that does not end is killed. */
const stopPatienceMs = 20_000;

export interface Measurement {
  name: string;
  by: Adversary;
  /** The attacks, which run at once; none for a run without attack. */
  attacks: readonly Attack[];
  seconds: number;
  quiet?: Result | undefined;
  /** True if one process runs all of them, which starts faster. */
  oneProcess?: boolean;
}

/**
 * Groups the attacks by process, and the processes by when they start. An authority's come first: once the floods have
 * had an address banned, they could not connect from it.
 */
function groupsOf({ attacks, oneProcess }: Measurement): string[][][] {
  const names = attacks.map(({ name }) => name);
  if (names.length === 0) return [];
  if (oneProcess) return [[names]];
  return (["coalition", "stranger"] as const).map((adversary) => {
    return attacks.filter(({ by }) => by === adversary).map(({ name }) => [name]);
  });
}

/** Attacks the network and measures its promises. Leaves the network as it was, or throws. */
export async function measure(network: AttackNetwork, measurement: Measurement): Promise<Result> {
  const { attacks, seconds } = measurement;
  const { nodes } = network;
  const startedMs = Date.now();
  const addresses = network.newAddresses();
  const processes: Process[] = [];
  for (const group of groupsOf(measurement)) {
    const started = group.map((names) => network.attack(names, { addresses, seconds }));
    await until("the attacks are under way", () => started.every(isUnderWay), { timeoutMs: 60_000 });
    processes.push(...started);
  }
  await sleep(settleMs);
  const samples = new Samples(nodes);
  const first = (await nodes[0]!.status()).head!;
  const windowMs = seconds * 1_000;
  const cpuBefore = cpuOf(processes);
  const othersBefore = othersCpuSeconds([...nodes.map(({ process }) => process), ...processes]);
  const ends = performance.now() + windowMs;
  const transfers = honestTransfers(network, ends);
  const joined = joinLater(network, samples, windowMs / 3);
  await sleep(Math.max(0, ends - performance.now()));
  const last = await headOf(nodes);
  const lastMs = Date.now();
  await samples.stop();
  const cpu = cpuOf(processes) - cpuBefore;
  const own = [...nodes.map(({ process }) => process), joined.node.process, ...processes];
  const others = othersCpuSeconds(own) - othersBefore;
  const [joinMs, transferMs] = await Promise.all([joined.done, transfers]);
  const stops = [await stopped(nodes[0]!), await stopped(joined.node)];
  for (const each of processes) each.signal("SIGTERM");
  await Promise.all(processes.map(ended));
  const reports: Reports = Object.assign({}, ...processes.map(reportsOf));

  const chain = await blocksBetween(nodes[1]!, first.height, last.height);
  const offences = Object.values(reports)
    .flatMap((report) => report.offences)
    .filter(({ node }) => node >= 0);
  const provable = attacks.some((attack) => attack.provable);
  const seen = {
    name: measurement.name,
    by: measurement.by,
    seconds,
    ...intervals(chain, lastMs),
    finalityLagMs: samples.finalityLagMs(chain),
    rssMb: samples.rssMb(),
    statusP99Ms: samples.statusP99Ms(),
    notReadyPercent: samples.notReadyPercent(),
    notHealthyPercent: samples.notHealthyPercent(),
    lowestHonestScore: samples.lowestScore(),
    ...bans(nodes, samples.honest, startedMs),
    falseAlarms: falseAlarms([...nodes, joined.node], startedMs),
    ...(provable ? shutOut(offences, lastMs) : { shutOutMs: null, letIn: 0 }),
    joinMs,
    joinerAtHead: joined.isAtHead,
    transferMs,
    stopMs: Math.max(...stops.map(({ ms }) => ms)),
    stopCodes: stops.map(({ code }) => code),
    attackerCpu: Math.round((100 * cpu) / seconds) / 100,
    othersCpu: Math.round((100 * others) / seconds) / 100,
    counts: summed(Object.values(reports).map(({ counts }) => counts)),
  };
  if (joinMs === null || seen.stopCodes.some((code) => code !== 0)) {
    for (const { process } of [nodes[0]!, joined.node])
      console.error(`--- ${process.name}\n${process.stderr.split("\n").slice(-15).join("\n")}`);
  }
  const broken = promisesBroken(seen, measurement.quiet);
  for (const { name, judge } of attacks)
    broken.push(...(judge?.(reports[name]?.counts ?? {}, seconds) ?? []));
  for (const each of processes) {
    if (each.stderr) broken.push(`the attacker failed: ${each.stderr.trim().slice(0, 300)}`);
  }
  network.start(nodes[0]!);
  return { ...seen, broken };
}

function cpuOf(processes: readonly Process[]): number {
  return processes.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
}

/** Returns the CPU time of all other processes on the machine, which must be near 0 for the measured times to count. */
function othersCpuSeconds(processes: readonly Process[]): number {
  const { user, system } = process.cpuUsage();
  return machineCpuSeconds() - cpuOf(processes) - (user + system) / 1_000_000;
}

async function headOf(nodes: readonly TestNode[]) {
  const statuses = await Promise.all(nodes.map((node) => node.status().catch(() => undefined)));
  return statuses.flatMap((status) => status?.head ?? []).sort((a, b) => b.height - a.height)[0]!;
}

/** Reads blocks in ascending order, as far as the node has them. */
async function blocksBetween(node: TestNode, from: number, to: number): Promise<BlockAnswer[]> {
  const blocks: BlockAnswer[] = [];
  for (let before = to + 1; before > from; ) {
    const page = await node.get<{ blocks: BlockAnswer[] }>(`/v1/blocks?before=${before}&limit=100`);
    if (page.blocks.length === 0) break;
    blocks.push(...page.blocks.filter(({ height }) => height >= from));
    before = page.blocks.at(-1)!.height;
  }
  return blocks.reverse();
}

/** Computes the intervals; the time since the last block counts as one. */
function intervals(
  chain: readonly BlockAnswer[],
  endMs: number,
): Pick<Result, "intervalMs" | "longestGapMs"> {
  const times = chain.map(({ timestamp }) => timestamp);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  const lastMs = times.at(-1);
  if (lastMs === undefined) return { intervalMs: null, longestGapMs: Infinity };
  const mean = gaps.length > 0 ? Math.round((lastMs - times[0]!) / gaps.length) : null;
  return { intervalMs: mean, longestGapMs: Math.max(0, ...gaps, endMs - lastMs - periodMs) };
}

function joinLater(network: AttackNetwork, samples: Samples, afterMs: number) {
  const [, reference] = network.nodes;
  let node: TestNode | undefined;
  let isAtHead = false;
  const run = async () => {
    await sleep(afterMs);
    node = network.join();
    const startedAt = performance.now();
    const deadline = startedAt + limits.joinMs * patience.factor;
    while (performance.now() < deadline) {
      await sleep(100);
      const own = await node.status().catch(() => undefined);
      if (own) samples.isHonest(own.peerId);
      const other = await reference!.status().catch(() => undefined);
      if (!own?.head || !other?.head || own.head.height < other.head.height - 1) continue;
      isAtHead = true;
      if (own.mode === "ready") return Math.round(performance.now() - startedAt);
    }
    return null;
  };
  const done = run();
  return {
    done,
    get isAtHead() {
      return isAtHead;
    },
    get node(): TestNode {
      return node!;
    },
  };
}

/** Sends transfers, each as soon as the last is in a block. Resolves to the longest wait. */
async function honestTransfers(network: AttackNetwork, ends: number): Promise<number | null> {
  const node = network.nodes[1]!;
  const { wallet } = network;
  let longest = 0;
  while (performance.now() < ends) {
    const { id, body } = await wallet.transfer(wallet.address, 1n, honestAccount.fee);
    const sentAt = performance.now();
    const waitedMs = () => performance.now() - sentAt;
    let accepted = false;
    let included = false;
    while (!included) {
      if (waitedMs() > transferPatienceMs * patience.factor) {
        // Its nonce has to be used again.
        if (!accepted) wallet.forget();
        return null;
      }
      if (!accepted) {
        accepted = await node.post("/v1/transactions", body).then(
          () => true,
          () => false,
        );
      } else {
        const seen = await node.transaction(id).catch(() => undefined);
        included = seen !== undefined && seen.status !== "pending";
      }
      if (!included) await sleep(100);
    }
    longest = Math.max(longest, waitedMs());
    await sleep(transferEveryMs);
  }
  return Math.round(longest);
}

async function stopped(node: TestNode): Promise<{ ms: number; code: number | null }> {
  const startedAt = performance.now();
  const done = node.stop();
  const inTime = await Promise.race([done.then(() => true), sleep(stopPatienceMs * patience.factor, false)]);
  if (!inTime) await node.kill();
  return { ms: Math.round(performance.now() - startedAt), code: (await done).code };
}

async function ended(attacker: Process): Promise<void> {
  const inTime = await Promise.race([attacker.ended.then(() => true), sleep(5_000, false)]);
  if (!inTime) attacker.signalGroup("SIGKILL");
  await attacker.ended;
}

/** True if each of its attacks has counted something. @throws if one has not */
function isUnderWay(attacker: Process): boolean {
  if (!attacker.running) throw new Error(`an attacker has ended: ${attacker.stderr}`);
  const reports = Object.entries(reportsOf(attacker));
  const idle = reports.filter(([, { counts }]) => Object.keys(counts).length === 0).map(([name]) => name);
  if (idle.length > 0) throw new Error(`${idle.join(", ")} did nothing yet: ${attacker.stderr}`);
  return reports.length > 0;
}

function reportsOf({ stdout }: Process): Reports {
  const last = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .at(-1);
  return last ? (JSON.parse(last) as Reports) : {};
}

function bans(nodes: readonly TestNode[], honest: ReadonlySet<string>, sinceMs: number) {
  const lines = nodes
    .flatMap((node) => node.log())
    .filter(({ msg, time }) => {
      return msg.startsWith("peer banned") && Number(new Date(time as string | number)) >= sinceMs;
    });
  // A line sums up those that were too many.
  const peers = lines.flatMap(({ peer, peers }) => (peers as string[] | undefined) ?? String(peer));
  const count = lines.reduce((sum, { omitted }) => sum + Number(omitted ?? 1), 0);
  const honestBans = peers.filter((peer) => honest.has(peer)).length;
  return { honestBans, bans: count - honestBans };
}

/** Counts alarms of conflicting finality, which are false because the attackers are too few. */
function falseAlarms(nodes: readonly TestNode[], sinceMs: number): number {
  return nodes
    .flatMap((node) => node.log())
    .filter(({ msg, time }) => {
      return /CONFLICTING BLOCKS|ANOTHER BLOCK IS FINAL/.test(msg) && Number(time) >= sinceMs;
    }).length;
}

/** Measures how long peers stayed after an offence, without those that left by themselves or had too little time. */
function shutOut(offences: readonly Offence[], endMs: number): Pick<Result, "shutOutMs" | "letIn"> {
  const judged = offences.filter(({ left, closedMs, atMs }) => {
    return !left && (closedMs !== undefined || atMs < endMs - limits.shutOutMs);
  });
  const waits = judged.map(({ closedMs, atMs }) => (closedMs ?? endMs) - atMs);
  const letIn = judged.filter(({ closedMs }) => closedMs === undefined).length;
  return { shutOutMs: waits.length > 0 ? Math.max(...waits) : null, letIn };
}

function summed(all: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}
