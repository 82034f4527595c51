import { readFileSync, writeFileSync } from "node:fs";
import type { Measured } from "../figure.ts";

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds of all threads of a process, user and system. */
export function cpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** `/proc/<pid>/stat`: the name in parentheses may hold anything; `utime` and `stime` are fields 14 and 15. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** `peakBytes`: the highest resident set since the process began; `bytes`: now. */
export function memoryOf(pid: number): { bytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { bytes: parseKilobytes(status, "VmRSS"), peakBytes: parseKilobytes(status, "VmHWM") };
}

/** The peak of this process counts from now on (`proc_pid_clear_refs(5)`). */
export function resetOwnPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

export function parseKilobytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`no ${field} in /proc/<pid>/status`);
  return Number(kilobytes) * 1024;
}

/** CPU seconds of everything on the machine: the first line of `/proc/stat` without idle time and waiting for disks. */
export function parseBusySeconds(stat: string): number {
  const [, ...fields] = stat.slice(0, stat.indexOf("\n")).trim().split(/ +/);
  // user nice system idle iowait irq softirq steal; the rest is part of user time.
  const busy = fields.slice(0, 8).filter((_, index) => index !== 3 && index !== 4);
  return busy.reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}

/** CPU time of all threads of this process. */
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

  /** As a result has it. */
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
