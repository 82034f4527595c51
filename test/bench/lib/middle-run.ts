import type { Measured } from "../figure.ts";
import { ratioOf } from "./result-line.ts";
import { median } from "./statistics.ts";

/** The run whose ratio, or else value, is in the middle; of each detail the median of all runs. */
export function middleOf(runs: readonly Measured[]): Measured {
  const sorted = runs.toSorted((a, b) => order(a) - order(b));
  const middle = sorted[Math.ceil(sorted.length / 2) - 1]!;
  if (!middle.details) return middle;
  const names = Object.keys(middle.details);
  const details = names.map((name) => [name, median(runs.map((run) => run.details![name]!))]);
  return { ...middle, details: Object.fromEntries(details) };
}

function order(measured: Measured): number {
  return ratioOf(measured) ?? measured.value;
}
