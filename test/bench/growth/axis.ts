import type { Context } from "../figure.ts";

/** A cost that grows with the size of an axis. */
interface Cost {
  name: string;
  unit: string;
  /** The largest allowed exponent: 0 for a cost that does not depend on the size, 1 for a proportional one. */
  should: number;
}

/** A size that is varied over two decades, and the costs that are measured. */
export interface Axis<Name extends string = string> {
  name: string;
  /** The unit of the size. */
  unit: string;
  quick: readonly number[];
  full: readonly number[];
  costs: Readonly<Record<Name, Cost>>;
  measure(context: Context, size: number): Promise<Record<Name, number>>;
}

/** Makes an axis without exposing the names of its costs. */
export function defineAxis<Name extends string>(axis: Axis<Name>): Axis {
  return axis as Axis;
}

/** The measurements on one axis: a number for each size and cost. */
export interface AxisResult {
  axis: Pick<Axis, "name" | "unit" | "costs">;
  points: { size: number; values: Record<string, number> }[];
}

/** Measures the CPU time of all threads in ms; takes the least of `times` runs, since other work only adds to it. */
export async function leastCpuMs(times: number, run: (time: number) => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) {
    const before = process.cpuUsage();
    await run(time);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}
