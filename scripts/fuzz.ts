/**
 * Gives every decoder, file reader and listener mutated inputs, each for some minutes. What fails is kept under test/fuzz/corpus and
 * run by every later test. Exits with 1 where something failed. Usage: npm run fuzz -- [--minutes 10] [--seed 1] [--only name]
 */
import { parseArgs } from "node:util";
import { fuzz, keep } from "../test/fuzz/run.ts";
import { openTargets } from "../test/fuzz/targets.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});
const targets = await openTargets();
for (const target of targets.filter(({ name }) => name.includes(values.only))) {
  const { runs, failure } = await fuzz(target, {
    seed: Number(values.seed),
    forMs: Number(values.minutes) * 60_000,
  });
  console.log(`${target.name}: ${runs} inputs${failure ? "" : ", no failure"}`);
  if (!failure) continue;
  console.error(`  kept as ${keep(target, failure.input)}:`, failure.error);
  process.exitCode = 1;
}
for (const target of targets) await target.close?.();
