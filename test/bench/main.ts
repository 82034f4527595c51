/**
 * Measures the node's performance on this machine, and how its costs grow (docs/benchmarks.md). Asserts nothing.
 * Usage: npm run bench -- [goals] [--full] [--only submit,sync] [--repeat N] [--json FILE] [--list]
 *        npm run bench -- growth [--full] [--only accounts,peers] [--out docs]
 *        npm run bench -- peers [--full] [--only ccoin,anvil] [--json FILE] [--out docs]
 */
import { refuseArgs, scriptArgs } from "../e2e/harness/script-args.ts";
import type { Figure } from "./figure.ts";
import { figures } from "./figures/index.ts";
import { runGrowth } from "./growth/run.ts";
import { selectFigures } from "./lib/result-line.ts";
import { runPeers } from "./peers/run.ts";
import { runFigures } from "./run-figures.ts";

/** A figure with a goal is run three times; the median counts. */
const goalRepeat = "3";

const { values, positionals } = scriptArgs(import.meta.filename, {
  allowPositionals: true,
  options: {
    full: { type: "boolean", default: false },
    /** Names or prefixes of figures; names of axes of growth, or of programs. */
    only: { type: "string" },
    /** The number of runs of each figure, of which the middle one is the result. */
    repeat: { type: "string" },
    /** The file to which the result lines are appended. */
    json: { type: "string" },
    list: { type: "boolean", default: false },
    /** The folder for the tables and the plot of growth, or of the comparison with other programs. */
    out: { type: "string" },
    /** The folder in which start.ts has installed the other programs. */
    programs: { type: "string" },
  },
});
const commands = ["goals", "growth", "peers"];
const [command, ...more] = positionals;
const isGoals = command === "goals";
if (more.length > 0 || (command !== undefined && !commands.includes(command)))
  refuseArgs(`no such command: ${positionals.join(" ")}`);
const only = values.only?.split(",");
const repeat = Number(values.repeat ?? (isGoals ? goalRepeat : "1"));
if (!Number.isSafeInteger(repeat) || repeat < 1) refuseArgs("--repeat is a whole number above 0");

if (command === "growth") await runGrowth({ ...values, only });
else if (command === "peers") await runPeers({ ...values, only });
else if (values.list) for (const { name, measures } of figures) console.log(`${name}: ${measures}`);
else await runFigures(selectedFigures(), { ...values, onlyGoals: isGoals, repeat });

function selectedFigures(): Figure[] {
  try {
    return selectFigures(figures, only ?? []);
  } catch (error) {
    return refuseArgs((error as Error).message);
  }
}
