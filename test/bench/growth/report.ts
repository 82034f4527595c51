import { round } from "../lib/result-line.ts";
import { growthExponent } from "../lib/statistics.ts";
import type { AxisResult } from "./axis.ts";

/** Largest deviation of an exponent by noise over two decades. */
const tolerance = 0.25;

/** Returns the exponent of a cost over the sizes of its axis. */
export function exponentOf({ points }: AxisResult, cost: string): number {
  return growthExponent(points.map(({ size, values }) => ({ size, cost: values[cost]! })));
}

export function growsTooFast(result: AxisResult, cost: string): boolean {
  return exponentOf(result, cost) > result.axis.costs[cost]!.should + tolerance;
}

/** Makes a Markdown table for each axis. */
export function growthTables(results: readonly AxisResult[]): string {
  return results.map(table).join("\n\n");
}

function table(result: AxisResult): string {
  const { axis, points } = result;
  const head = [
    `cost, by ${axis.unit}`,
    ...points.map(({ size }) => size.toLocaleString("en")),
    "exponent",
    "should be",
  ];
  const rows = Object.entries(axis.costs).map(([key, { name, unit, should }]) => [
    `${name}, ${unit}`,
    ...points.map(({ values }) => round(values[key]!).toLocaleString("en", { maximumFractionDigits: 6 })),
    `${exponentOf(result, key).toFixed(2)}${growsTooFast(result, key) ? " (too fast)" : ""}`,
    `<= ${should}`,
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
