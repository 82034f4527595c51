import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Measured } from "../figure.ts";

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
export const ticksPerSecond = 100;

/** Returns the CPU seconds of all threads of a process, user and system. */
export function cpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/**
 * Parses `/proc/<pid>/stat`. The name in parentheses may contain anything; `utime` and `stime` are fields 14 and 15.
 */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The kinds of a node's threads by the names that Node.js gives them; all others are `main`. */
const kinds: Readonly<Record<string, ThreadKind>> = {
  WorkerThread: "verify",
  V8Worker: "v8",
  "libuv-worker": "libuv",
};
export type ThreadKind = "main" | "verify" | "v8" | "libuv";

/** Returns the CPU seconds of the threads of some processes by kind, without those of threads that have ended. */
export function threadSeconds(pids: readonly number[]): Record<ThreadKind, number> {
  const seconds = { main: 0, verify: 0, v8: 0, libuv: 0 };
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      seconds[threadKind(stat)] += parseCpuSeconds(stat);
    }
  }
  return seconds;
}

/** Parses the kind of a thread from its `stat`. */
export function threadKind(stat: string): ThreadKind {
  return kinds[stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"))] ?? "main";
}

/** Returns the current resident set (`bytes`) and the highest since the process began (`peakBytes`). */
export function memoryOf(pid: number): { bytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { bytes: parseKilobytes(status, "VmRSS"), peakBytes: parseKilobytes(status, "VmHWM") };
}

/** Resets the peak of this process (`proc_pid_clear_refs(5)`). */
export function resetOwnPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

export function parseKilobytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`no ${field} in /proc/<pid>/status`);
  return Number(kilobytes) * 1024;
}

/**
 * Parses the CPU seconds of the whole machine from the first line of `/proc/stat`, without idle time and waiting for
 * disks.
 */
export function parseBusySeconds(stat: string): number {
  const [, ...fields] = stat.slice(0, stat.indexOf("\n")).trim().split(/ +/);
  // user nice system idle iowait irq softirq steal; the rest is part of user time.
  const busy = fields.slice(0, 8).filter((_, index) => index !== 3 && index !== 4);
  return busy.reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}

/** Returns the CPU time of all threads of this process. */
export function ownCpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Counts the CPU time of nodes, of this process and of all others from now on. */
export class CpuWatch {
  readonly #before: Map<number, number>;
  readonly #own = process.cpuUsage();
  readonly #busyBefore = busySeconds();

  constructor(pids: readonly number[]) {
    this.#before = new Map(pids.map((pid) => [pid, cpuSeconds(pid)]));
  }

  /** Returns the usage in the form of a result. */
  read(): Usage {
    const pids = [...this.#before.keys()];
    const nodes = pids.reduce((sum, pid) => sum + cpuSeconds(pid) - this.#before.get(pid)!, 0);
    const own = ownCpuSeconds(this.#own);
    const others = busySeconds() - this.#busyBefore - nodes - own;
    return {
      cpuSeconds: nodes,
      loadCpuSeconds: own,
      otherCpuSeconds: Math.max(0, others),
      peakMemoryBytes: Math.max(0, ...pids.map((pid) => memoryOf(pid).peakBytes)),
    };
  }
}

export type Usage = Required<
  Pick<Measured, "cpuSeconds" | "loadCpuSeconds" | "otherCpuSeconds" | "peakMemoryBytes">
>;

function busySeconds(): number {
  return parseBusySeconds(readFileSync("/proc/stat", "utf8"));
}
