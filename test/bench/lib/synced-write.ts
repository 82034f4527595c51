import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import type { Context } from "../figure.ts";
import { median } from "./statistics.ts";

const writes = 50;

/** Measures the median of a small synced LevelDB write, the bound of everything that must be on disk. */
export async function syncedWriteMs({ world }: Context): Promise<number> {
  const level = new ClassicLevel<string, string>(join(world.dataDir, "synced-writes"));
  await level.open();
  const times: number[] = [];
  for (let write = 0; write < writes; write++) {
    const startedAt = performance.now();
    await level.put(String(write), "x".repeat(200), { sync: true });
    times.push(performance.now() - startedAt);
  }
  await level.close();
  return median(times);
}
