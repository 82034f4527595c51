/**
 * Measures what the node can do on this machine, and how its costs grow (docs/benchmarks.md). Asserts nothing.
 * Usage: npm run bench -- [--full] [--only submit,sync] [--json FILE] [--list]
 *        npm run bench -- growth [--full] [--only accounts,peers] [--out docs]
 */
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { figures } from "./figures/index.ts";
import { runGrowth } from "./growth/run.ts";
import { environment, environmentLine } from "./lib/environment.ts";
import { inWorld } from "./lib/in-world.ts";
import { jsonLine, pairs, type Result, selectFigures, textLines } from "./lib/result-line.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: "boolean", default: false },
    /** Names of figures, or what they begin with; names of axes of growth. */
    only: { type: "string" },
    /** The result lines are added to this file. */
    json: { type: "string" },
    list: { type: "boolean", default: false },
    /** The folder that the tables and the plot of growth are written to. */
    out: { type: "string" },
  },
});
const [command, ...more] = positionals;
if (more.length > 0 || (command !== undefined && command !== "growth"))
  throw new Error(`no such command: ${positionals.join(" ")}`);
const only = values.only?.split(",");

if (command === "growth") await runGrowth({ ...values, only });
else if (values.list) for (const { name, measures } of figures) console.log(`${name}: ${measures}`);
else await runFigures();

async function runFigures(): Promise<void> {
  const machine = environment();
  console.log(environmentLine(machine));
  for (const figure of selectFigures(figures, only ?? [])) {
    for (const settings of values.full ? figure.full : figure.quick) {
      try {
        const measured = await inWorld((context) => figure.run(context, settings));
        const goals = figure.goals?.(settings) ?? [];
        const result: Result = { figure: figure.name, settings, measured, goals };
        console.log(textLines(result));
        if (values.json) appendFileSync(values.json, `${jsonLine(result, machine)}\n`);
      } catch (error) {
        console.error(`${figure.name} ${pairs(settings)} could not be measured:`, error);
        process.exitCode = 1;
      }
    }
  }
}
