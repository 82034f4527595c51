import { readdirSync, readFileSync } from "node:fs";
import type { World } from "../../e2e/harness/open-world.ts";
import type { Process, StartOptions } from "../../e2e/harness/process.ts";
import { until } from "../../e2e/harness/until.ts";
import { parseKilobytes, ticksPerSecond } from "../lib/usage.ts";
import type { Purpose } from "./program.ts";

/** Parses the group of a process from `/proc/<pid>/stat`. */
export function parseGroup(stat: string): number {
  return fieldsOf(stat)[2]!;
}

/** Parses the CPU seconds of a process and of its children that have ended, user and system. */
export function parseCpuWithChildren(stat: string): number {
  const [user, system, childrenUser, childrenSystem] = fieldsOf(stat).slice(11, 15);
  return (user! + system! + childrenUser! + childrenSystem!) / ticksPerSecond;
}

/** Returns the fields after the name in parentheses, which may contain anything: the first is field 3, the state. */
function fieldsOf(stat: string): number[] {
  return stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
}

/** Returns the CPU seconds that all processes of a group have used. */
export function cpuOfGroup(group: number): number {
  return sumOver(group, (pid) => parseCpuWithChildren(readFileSync(`/proc/${pid}/stat`, "utf8")));
}

/** Returns the sum of the resident sets of a group, in bytes. */
export function memoryOfGroup(group: number): number {
  return sumOver(group, (pid) => parseKilobytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmRSS"));
}

function sumOver(group: number, read: (pid: string) => number): number {
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (parseGroup(readFileSync(`/proc/${pid}/stat`, "utf8")) === group) sum += read(pid);
    } catch {
      // The process has ended since the folder was read.
    }
  }
  return sum;
}

/** Starts and ends the processes of an instance. */
export function runner(
  world: World,
  name: string,
  commandOf: (purpose: Purpose) => string[],
  options: StartOptions,
) {
  let process: Process | undefined;
  const end = async (signal: NodeJS.Signals) => {
    process?.signalGroup(signal);
    await process?.ended;
  };
  return {
    start(purpose: Purpose): Process {
      process = world.start(name, commandOf(purpose), options);
      return process;
    },
    stop: () => end("SIGINT"),
    kill: () => end("SIGKILL"),
  };
}

const startPollMs = 5;

/** Waits until a started process answers. @throws at once if it ends instead */
export async function untilAnswers(process: Process, answers: () => Promise<boolean>): Promise<void> {
  const hasEnded = await until(
    `${process.name} answers`,
    async () => process.end !== undefined || ((await answers()) && "answers"),
    { everyMs: startPollMs },
  );
  if (hasEnded === true) throw new Error(`${process.name} has ended: ${process.stderr.trim().slice(-300)}`);
}
