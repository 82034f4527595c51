import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

/**
 * Growth of the old generation between two full collections, in per cent of what was in use after the last one. V8
 * would let a heap of 30 MB grow to four times its size: a peer that keeps a node busy could fill it with garbage,
 * since most of what waits for a disk or a peer outlives the young generation. A full collection takes some 50 ms of
 * CPU, half of them on other threads. Under full load, 50 % cost an eighth of all CPU (docs/benchmarks.md).
 */
const growthPercent = 100;

/**
 * Keeps this process's heap small, with more full collections. The young generation is collected when it is full, and
 * not before, by a task: that would be a fifth more collections. Call it early: a limit that is already set stays.
 */
export function setHeapOptions(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
  setFlagsFromString("--no-minor-gc-task");
}

/** Starts V8's optimizing compilers, which main.js has switched off. */
export function startCompilers(): void {
  // V8 refuses code that was cached with other options than those with which it is read.
  flushCompileCache();
  for (const flag of ["--opt", "--maglev"]) setFlagsFromString(flag);
}

export type NodeModule = typeof import("../node/index.ts");

/**
 * Loads the node only for commands that need it: libp2p and the database take longer to load than the other commands
 * take to run. All of them set the same options of V8 first: it refuses code that was cached with other options, and
 * each command would then compile the node anew and write the cache again as it ends. A command that `mayIdle` starts
 * the compilers itself.
 */
export async function loadNode({ mayIdle = false } = {}): Promise<NodeModule> {
  setHeapOptions();
  const node = await import("../node/index.ts");
  if (!mayIdle) startCompilers();
  return node;
}
