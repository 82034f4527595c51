import type { Measured } from "../figure.ts";
import { ratioOf } from "./result-line.ts";
import { median } from "./statistics.ts";

/** Returns the run with the median ratio, or value without a ratio, with the median of each detail over all runs. */
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
