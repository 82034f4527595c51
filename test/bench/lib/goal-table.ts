import type { Goal } from "../figure.ts";
import { isMet, pairs, type Result, round, valueFor } from "./result-line.ts";

/** Makes a Markdown table with the result of each goal's figure, and the least and the greatest of its runs. */
export function goalTable(results: readonly Result[]): string {
  const rows = results.flatMap((result) => result.goals.map((goal) => row(result, goal)));
  return [["figure", "goal", "measured", "runs", ""], ["---", "---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function row({ figure, settings, measured, runs }: Result, goal: Goal): string[] {
  const value = valueFor(goal, measured);
  const all = runs.map((run) => valueFor(goal, run)!);
  return [
    `\`${figure} ${pairs(settings)}\``,
    `${goal.of} ${goal.is} ${goal.bound}`,
    value === undefined ? "not measured" : String(round(value)),
    value === undefined ? "" : `${round(Math.min(...all))} to ${round(Math.max(...all))}`,
    isMet(goal, measured) ? "met" : "missed",
  ];
}
