/**
 * Runs every decoder, file reader and listener with mutated inputs, each for some minutes, several at a time. Saves
 * failing inputs and one input for each new outcome under test/fuzz/corpus, which every later test runs. Exits with 1
 * if anything failed.
 * Usage: npm run fuzz -- [--minutes 10] [--seed 1] [--only name] [--skip 0] [--at-once 3]
 */
import { scriptArgs } from "../test/e2e/harness/script-args.ts";
import { fuzz, keep } from "../test/fuzz/run.ts";
import type { Target } from "../test/fuzz/target.ts";
import { openTargets } from "../test/fuzz/targets.ts";

const { values } = scriptArgs(import.meta.filename, {
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    skip: { type: "string", default: "0" },
    "at-once": { type: "string", default: "3" },
  },
});

async function fuzzOne(target: Target): Promise<void> {
  const startedAt = performance.now();
  const { runs, found, failure } = await fuzz(target, {
    seed: Number(values.seed),
    forMs: Number(values.minutes) * 60_000,
  });
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(
    `${target.name}: ${runs} inputs in ${minutes} min, ${found.length} new outcomes${failure ? "" : ", no failure"}`,
  );
  for (const input of found) keep(target, input);
  if (!failure) return;
  console.error(`  kept as ${keep(target, failure.input)}:`, failure.error);
  process.exitCode = 1;
}

const targets = await openTargets();
const waiting = targets.filter(({ name }) => name.includes(values.only)).slice(Number(values.skip));
const lanes = Array.from({ length: Number(values["at-once"]) }, async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) await fuzzOne(next);
});
await Promise.all(lanes);
for (const target of targets) await target.close?.();
