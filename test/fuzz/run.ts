import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { jsonMutationsOf, mutationsOf } from "./mutations.ts";
import type { Target } from "./target.ts";

/** No input may take longer: a hang is a fault as a crash is. Far above what any takes on a busy machine. */
const hangMs = 10_000;

/** Inputs that failed once, a folder a target: they are run before all others, for ever. */
const corpusFolder = join(import.meta.dirname, "corpus");

export interface FuzzResult {
  runs: number;
  /** The smallest input found that fails, and why. */
  failure?: { input: Uint8Array; error: unknown };
}

/** Runs what is kept, then mutations of it: `runs` of them, or as many as fit into `forMs`. */
export async function fuzz(
  target: Target,
  { seed, runs, forMs }: { seed: number; runs?: number; forMs?: number },
): Promise<FuzzResult> {
  const kept = corpusOf(target);
  for (const input of kept) {
    try {
      await runOnce(target, input);
    } catch (error) {
      return { runs: 0, failure: { input, error } };
    }
  }
  const inputs = [...target.seeds, ...kept];
  const mutations = target.form === "json" ? jsonMutationsOf(inputs.filter(isJson)) : mutationsOf(inputs);
  const result = await fc.check(
    fc.asyncProperty(mutations, (input) => runOnce(target, input)),
    {
      seed,
      numRuns: runs ?? Number.MAX_SAFE_INTEGER,
      ...(forMs !== undefined && { interruptAfterTimeLimit: forMs, markInterruptAsFailure: false }),
    },
  );
  if (!result.failed) return { runs: result.numRuns };
  return {
    runs: result.numRuns,
    failure: { input: result.counterexample![0] as Uint8Array, error: result.errorInstance },
  };
}

/** Keeps an input as a regression; returns its file. */
export function keep(target: Target, input: Uint8Array): string {
  const folder = folderOf(target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash("sha256").update(input).digest("hex").slice(0, 16));
  writeFileSync(file, input);
  return file;
}

function corpusOf(target: Target): Uint8Array[] {
  const folder = folderOf(target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => new Uint8Array(readFileSync(join(folder, file))));
}

function folderOf({ name }: Target): string {
  return join(corpusFolder, name.toLowerCase().replace(/[^a-z0-9]+/g, "-"));
}

async function runOnce(target: Target, input: Uint8Array): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const startedAt = performance.now();
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${hangMs} ms`)), hangMs);
  });
  try {
    await Promise.race([target.run(input), hang]);
  } finally {
    clearTimeout(timer);
  }
  // What blocks the event loop is not interrupted by a timer.
  const tookMs = performance.now() - startedAt;
  if (tookMs > hangMs) throw new Error(`took ${tookMs} ms`);
}

function isJson(input: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(input));
    return true;
  } catch {
    return false;
  }
}
