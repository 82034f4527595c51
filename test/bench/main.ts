/**
 * Measures what the node can do on this machine (docs/benchmarks.md). Asserts nothing.
 * Usage: npm run bench -- [--full] [--only submit,sync] [--json FILE] [--list]
 */
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { figures } from "./figures/index.ts";
import { environment } from "./lib/environment.ts";
import { jsonLine, pairs, selectFigures, textLines } from "./lib/result-line.ts";
import { runFigure } from "./lib/run-figure.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    /** Names of figures, or what they begin with. */
    only: { type: "string" },
    /** The result lines are added to this file. */
    json: { type: "string" },
    list: { type: "boolean", default: false },
  },
});
if (values.quick && values.full) throw new Error("--quick or --full, not both");

const selected = selectFigures(figures, values.only?.split(",") ?? []);
if (values.list) for (const { name, measures } of selected) console.log(`${name}: ${measures}`);
else await runAll();

async function runAll(): Promise<void> {
  const machine = environment();
  console.log(
    `ccoin ${machine.version} ${machine.commit}, Node ${machine.node}, ${machine.cores} x ${machine.cpu}`,
  );
  for (const figure of selected) {
    for (const settings of values.full ? figure.full : figure.quick) {
      try {
        const result = await runFigure(figure, settings, (text) =>
          console.error(`  ${figure.name}: ${text}`),
        );
        console.log(textLines(result));
        if (values.json) appendFileSync(values.json, `${jsonLine(result, machine)}\n`);
      } catch (error) {
        console.error(`${figure.name} ${pairs(settings)} could not be measured:`, error);
        process.exitCode = 1;
      }
    }
  }
}
