/**
 * A module that is loaded before a node (`node --import`) and kills the process at one of its commit points, chosen by
 * the query of the module's URL. `at` is a key space that is written to, `any`, or a file operation (`link`, `rename`);
 * `nth` counts such writes from 1; `phase` is before, during or after the write, in the last case before it is
 * acknowledged.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

export type CrashPhase = "before" | "during" | "after";

const given = new URL(import.meta.url).searchParams;
const at = given.get("at") ?? "any";
const phase = given.get("phase") as CrashPhase;
let left = Number(given.get("nth"));

// Threads load this module too.
if (isMainThread && (at === "link" || at === "rename")) {
  const operation = fs[at];
  fs[at] = (...paths) => crashingAt(() => operation(...paths));
  syncBuiltinESMExports();
} else if (isMainThread) {
  const { keySpaces } = await import("../../src/storage/key-spaces.ts");
  const { LevelDatabase } = await import("../../src/storage/level-database.ts");
  const { commit } = LevelDatabase.prototype;
  const spaces: Readonly<Record<string, number>> = keySpaces;
  LevelDatabase.prototype.commit = function (writes) {
    const isPoint = writes.some(({ key }) => at === "any" || key[0] === spaces[at]);
    return isPoint ? crashingAt(() => commit.call(this, writes)) : commit.call(this, writes);
  };
}

function crashingAt(write: () => Promise<void>): Promise<void> {
  if (--left !== 0) return write();
  if (phase === "before") die();
  const written = write();
  // Another thread is writing by then.
  if (phase === "during") setImmediate(die);
  return written.then(die);
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("still alive");
}
