import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { jsonMutationsOf, mutationsOf } from "./mutations.ts";
import type { Target } from "./target.ts";

/**
 * An input that takes longer hangs, which is a fault like a crash; the bound is far above the normal time. It counts
 * turns of the event loop and the CPU time of this process, so that a busy machine does not look like a hang.
 */
const hang = { turns: 200, everyMs: 50, cpuMs: 10_000 };

/**
 * Inputs that failed once, and one for each observed outcome, in a folder for each target. They run first, and
 * mutations start from them.
 */
const corpusFolder = join(import.meta.dirname, "corpus");
/** Limits of the corpus of one target. */
const maxOutcomes = 24;
const maxKeptBytes = 2048;
/** After each slice, mutations also start from the inputs that were found in it. */
const sliceMs = 10_000;
/** Number of runs after which other work gets its turn. */
const yieldEvery = 16;

export interface FuzzResult {
  runs: number;
  /** Inputs whose outcome no input of the corpus has. */
  found: Uint8Array[];
  /** The smallest failing input, and its error. */
  failure?: { input: Uint8Array; error: unknown };
}

/** Runs the corpus and then mutations of it: `runs` of them, or as many as fit into `forMs`. */
export async function fuzz(
  target: Target,
  { seed, runs, forMs = Number.POSITIVE_INFINITY }: { seed: number; runs?: number; forMs?: number },
): Promise<FuzzResult> {
  const kept = corpusOf(target);
  const outcomes = new Set<string>();
  for (const input of kept) {
    try {
      outcomes.add(await runOnce(target, input));
    } catch (error) {
      return { runs: 0, found: [], failure: { input, error } };
    }
  }
  const found: Uint8Array[] = [];
  let done = 0;
  const run = async (input: Uint8Array) => {
    if (++done % yieldEvery === 0) await nextTurn();
    const outcome = await runOnce(target, input);
    if (outcomes.size >= maxOutcomes || outcomes.has(outcome) || input.length > maxKeptBytes) return;
    outcomes.add(outcome);
    found.push(input);
  };
  const deadline = performance.now() + forMs;
  for (let slice = 0; done < (runs ?? Number.POSITIVE_INFINITY); slice++) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) break;
    const result = await fc.check(
      fc.asyncProperty(mutations(target, [...target.seeds, ...kept, ...found]), run),
      {
        seed: seed + slice,
        numRuns: runs ?? Number.MAX_SAFE_INTEGER,
        ...(runs === undefined && {
          interruptAfterTimeLimit: Math.min(sliceMs, leftMs),
          markInterruptAsFailure: false,
        }),
      },
    );
    // A slice without a single run, on a busy machine, also counts as failed.
    if (!result.failed || !result.counterexample) continue;
    const [input] = result.counterexample;
    return { runs: done, found, failure: { input, error: result.errorInstance } };
  }
  return { runs: done, found };
}

function mutations(target: Target, inputs: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return target.form === "json" ? jsonMutationsOf(inputs.filter(isJson)) : mutationsOf(inputs);
}

/** Saves an input in the corpus and returns its file. */
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

/** Runs an input and resolves to its outcome. */
async function runOnce(target: Target, input: Uint8Array): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const before = process.cpuUsage();
  const hanging = new Promise<never>((_, reject) => {
    let turns = 0;
    timer = setInterval(() => {
      if (++turns === hang.turns) reject(new Error(`no end after ${turns * hang.everyMs} ms`));
    }, hang.everyMs);
  });
  let outcome: string;
  try {
    outcome = withoutValues(await Promise.race([target.run(input), hanging]));
  } finally {
    clearInterval(timer);
  }
  // A timer cannot interrupt code that blocks the event loop.
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;
  if (cpuMs > hang.cpuMs) throw new Error(`took ${cpuMs} ms of the processor`);
  return outcome;
}

/** Removes numbers, ids and quoted words, which would make each outcome different. */
function withoutValues(outcome: string): string {
  return outcome.replace(/"[^"]*"/g, '""').replace(/\b[0-9a-f]{8,}\b|\b\d[\d.e+]*/g, "0");
}

function isJson(input: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(input));
    return true;
  } catch {
    return false;
  }
}
