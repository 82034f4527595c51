import { simulate } from "../test/sim/simulation.ts";
const seed = Number(process.argv[2] ?? 1);
const runs = Number(process.argv[3] ?? 1);
const started = Date.now();
let steps = 0;
for (let at = seed; at < seed + runs; at++) {
  const outcome = await simulate({ seed: at, trace: process.argv[4] === "trace" });
  steps += outcome.steps;
  const { scenario, violation, errors, trace, ...rest } = outcome;
  if (trace.length) console.log(trace.join("\n"));
  if (violation || runs === 1) console.log(scenario);
  console.log(rest.seed, rest.steps, Math.round(rest.simulatedMs), Math.round(rest.settledMs), rest.height, rest.finalizedHeight, [...errors], violation ?? "ok");
}
console.log((Date.now() - started) / runs, "ms a run", steps / runs);
