import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./open-world.ts";

/** The files of a control group, in the first and in the second version of the kernel's interface. */
const versions = [
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes" },
  { root: "/sys/fs/cgroup", limit: "memory.max", peak: "memory.peak" },
] as const;

/** A limit on the memory of processes, such as a container has. */
export interface MemoryLimit {
  /** The command that runs another one under the limit. */
  enter: readonly string[];
  /** The most that was in use at one time, with what the kernel could have taken back. */
  peakBytes(): number;
}

/** Makes a limit; `undefined` where this process may not. */
export function limitMemory(world: World, name: string, bytes: number): MemoryLimit | undefined {
  for (const { root, limit, peak } of versions) {
    const folder = join(root, `ccoin-${process.pid}-${name}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    world.onEnd(() => rmdirSync(folder));
    if (!existsSync(join(folder, limit))) continue;
    writeFileSync(join(folder, limit), String(bytes));
    return {
      enter: ["sh", "-c", `echo $$ >${join(folder, "cgroup.procs")} && exec "$0" "$@"`],
      peakBytes: () => Number(readFileSync(join(folder, peak), "utf8")),
    };
  }
  return undefined;
}
