import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlockAnswer, HttpError, type TestNode } from "../../e2e/harness/node.ts";

const statusEveryMs = 200;
const peersEveryMs = 1_000;
const healthEveryMs = 1_000;
/** The latency that a missing answer counts for. */
const noAnswerMs = 10_000;

interface StatusSample {
  node: number;
  ms: number;
  mode: string | undefined;
  headMs: number | undefined;
  finalized: number | undefined;
}

/** Samples honest nodes continuously from a separate address. */
export class Samples {
  readonly #loops: Promise<void>[];
  readonly #statuses: StatusSample[] = [];
  readonly #rssKb: number[];
  readonly #honest = new Map<string, number>();
  #lowestScore = 0;
  readonly #health = { answers: 0, refusals: 0 };
  #stopped = false;

  constructor(nodes: readonly TestNode[]) {
    this.#rssKb = nodes.map(() => 0);
    this.#loops = nodes.flatMap((node, index) => [
      this.#watchStatus(node, index),
      this.#watchPeers(node, index),
      this.#watchHealth(node),
    ]);
  }

  /** A node that joins is honest too. */
  isHonest(peerId: string): void {
    this.#honest.set(peerId, this.#honest.size);
  }

  get honest(): ReadonlySet<string> {
    return new Set(this.#honest.keys());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /** Returns the highest resident set of each node in MB. */
  rssMb(): number[] {
    return this.#rssKb.map((kb) => Math.round(kb / 1_024));
  }

  lowestScore(): number {
    return this.#lowestScore;
  }

  statusP99Ms(): number {
    const sorted = this.#statuses.map(({ ms }) => ms).sort((a, b) => a - b);
    return Math.round(sorted[Math.floor(0.99 * sorted.length)] ?? 0);
  }

  /** Returns the percentage of answers in another mode than `ready`. */
  notReadyPercent(): number {
    const bad = this.#statuses.filter(({ mode }) => mode !== undefined && mode !== "ready").length;
    return percent(bad, this.#statuses.length);
  }

  /** Returns the percentage of answers to `/health/ready` that say no. */
  notHealthyPercent(): number {
    return percent(this.#health.refusals, this.#health.answers);
  }

  /** Returns the longest lag of the final block behind the head, by the blocks' timestamps. */
  finalityLagMs(blocks: readonly Pick<BlockAnswer, "height" | "timestamp">[]): number {
    const times = new Map(blocks.map(({ height, timestamp }) => [height, timestamp]));
    const first = blocks[0];
    const lags = this.#statuses.flatMap(({ headMs, finalized }) => {
      if (headMs === undefined || finalized === undefined || !first) return [];
      const finalMs = times.get(finalized) ?? (finalized < first.height ? first.timestamp : headMs);
      return [headMs - finalMs];
    });
    return Math.max(0, ...lags);
  }

  async #watchStatus(node: TestNode, index: number): Promise<void> {
    while (!this.#stopped) {
      const startedAt = performance.now();
      const status = await node.status().catch(() => undefined);
      const ms = status ? performance.now() - startedAt : noAnswerMs;
      if (status) this.isHonest(status.peerId);
      this.#statuses.push({
        node: index,
        ms,
        mode: status?.mode,
        headMs: status?.head?.timestamp,
        finalized: status?.finalized?.height,
      });
      await sleep(statusEveryMs);
    }
  }

  async #watchHealth(node: TestNode): Promise<void> {
    while (!this.#stopped) {
      const answer = await node.get("/health/ready").catch((error: unknown) => error);
      // A missing answer shows in the latency of `/v1/status`.
      if (answer instanceof HttpError) this.#health.refusals++;
      if (answer instanceof HttpError || !(answer instanceof Error)) this.#health.answers++;
      await sleep(healthEveryMs);
    }
  }

  async #watchPeers(node: TestNode, index: number): Promise<void> {
    while (!this.#stopped) {
      this.#rssKb[index] = Math.max(this.#rssKb[index]!, rssKbOf(node.process.pid));
      for (const { id, score } of await node.peers().catch(() => [])) {
        if (this.#honest.has(id)) this.#lowestScore = Math.min(this.#lowestScore, Math.round(score));
      }
      await sleep(peersEveryMs);
    }
  }
}

function percent(part: number, all: number): number {
  return Math.round((1_000 * part) / Math.max(1, all)) / 10;
}

/** Returns the resident set of a process, 0 if it has ended. */
export function rssKbOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Seconds of CPU that the process has used. */
export function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Seconds of CPU that the machine has used. */
export function machineCpuSeconds(): number {
  const [user, nice, system, , , interrupts, softInterrupts] = readFileSync("/proc/stat", "utf8")
    .split("\n")[0]!
    .split(/ +/)
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number];
  return (user + nice + system + interrupts + softInterrupts) / 100;
}
