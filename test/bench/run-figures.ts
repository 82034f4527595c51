import { appendFileSync } from "node:fs";
import type { Context, Figure, Measured, Settings } from "./figure.ts";
import { environment, environmentLine } from "./lib/environment.ts";
import { goalTable } from "./lib/goal-table.ts";
import { inWorld } from "./lib/in-world.ts";
import { middleOf } from "./lib/middle-run.ts";
import { jsonLine, pairs, type Result, textLines } from "./lib/result-line.ts";
import { memoryOf, resetOwnPeak } from "./lib/usage.ts";

export interface FigureOptions {
  full: boolean;
  /** True for only the figures with a goal, and a table of the goals at the end. */
  onlyGoals: boolean;
  /** The number of runs of each figure, of which the middle one is the result. */
  repeat: number;
  /** The file to which the result lines are appended. */
  json?: string | undefined;
}

/** Measures one figure after another and prints each result. */
export async function runFigures(figures: readonly Figure[], options: FigureOptions): Promise<void> {
  const { full, onlyGoals, repeat, json } = options;
  const machine = environment();
  console.log(environmentLine(machine));
  const results: Result[] = [];
  for (const figure of figures) {
    for (const settings of full ? figure.full : figure.quick) {
      const goals = figure.goals?.(settings) ?? [];
      if (onlyGoals && goals.length === 0) continue;
      try {
        const runs: Measured[] = [];
        while (runs.length < repeat) runs.push(await runOnce(figure, settings));
        const result = { figure: figure.name, settings, measured: middleOf(runs), goals, runs };
        results.push(result);
        console.log(textLines(result));
        if (json) appendFileSync(json, `${jsonLine(result, machine)}\n`);
      } catch (error) {
        console.error(`${figure.name} ${pairs(settings)} could not be measured:`, error);
        process.exitCode = 1;
      }
    }
  }
  if (onlyGoals) console.log(`\n${goalTable(results)}`);
}

async function runOnce(figure: Figure, settings: Settings): Promise<Measured> {
  resetOwnPeak();
  const measured = await inWorld((context: Context) => figure.run(context, settings));
  // The figure may have run in this process.
  return { peakMemoryBytes: memoryOf(process.pid).peakBytes, ...measured };
}
