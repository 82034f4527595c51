import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, environmentLine } from "../lib/environment.ts";
import { inWorld } from "../lib/in-world.ts";
import type { AxisResult } from "./axis.ts";
import { axes } from "./index.ts";
import { growthPlot } from "./plot.ts";
import { growthTables } from "./report.ts";

export interface GrowthOptions {
  full: boolean;
  /** The names of the axes; all by default. */
  only?: readonly string[] | undefined;
  /** The folder for growth.md and growth.svg. */
  out?: string | undefined;
}

/** Measures how each cost grows with its size; prints a table, and writes it with its plot. */
export async function runGrowth({ full, only, out }: GrowthOptions): Promise<void> {
  const results: AxisResult[] = [];
  for (const axis of axes.filter(({ name }) => only?.includes(name) ?? true)) {
    const points: AxisResult["points"] = [];
    for (const size of full ? axis.full : axis.quick) {
      const values = await inWorld((context) => axis.measure(context, size));
      console.error(`${axis.name} ${size}: ${JSON.stringify(values)}`);
      points.push({ size, values });
    }
    results.push({ axis, points });
  }
  const tables = growthTables(results);
  console.log(tables);
  if (out === undefined) return;
  const text = [
    "# Growth",
    `Made by \`npm run bench -- growth\` ([benchmarks.md](benchmarks.md)): ${environmentLine(environment())}.`,
    "![Growth](growth.svg)",
    tables,
  ].join("\n\n");
  writeFileSync(join(out, "growth.md"), `${text}\n`);
  writeFileSync(join(out, "growth.svg"), growthPlot(results));
}
