import type { World } from "../e2e/harness/open-world.ts";

/** Settings of one run of a figure: numbers and names that go into its result line. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** The bound of the figure on this machine, measured in the same run and in the unit of the value. */
export interface Limit {
  what: string;
  value: number;
}

export interface Measured {
  value: number;
  unit: string;
  limit?: Limit;
  /**
   * CPU of all node processes, user and system, while the value was measured; of this process if the figure runs in it.
   */
  cpuSeconds?: number;
  /** CPU of this process if it makes the load for others. */
  loadCpuSeconds?: number;
  /** CPU of everything else on the machine; a run on a busy machine says little. */
  otherCpuSeconds?: number;
  /** The highest resident set of one node process, from its start on. */
  peakMemoryBytes?: number;
  /** All other measurements, with the unit in the name. */
  details?: Record<string, number>;
}

/** The goal of a figure, for the ratio to the limit, the value, or a detail (`of`). */
export interface Goal {
  of: string;
  is: ">=" | "<=" | "<";
  bound: number;
}

export interface Context {
  /** Processes and a data folder, which are removed after the run. */
  readonly world: World;
  /** Prints a line for people. */
  note(text: string): void;
}

/** A kind of measurement with one result for each of its settings. */
export interface Figure<S extends Settings = Settings> {
  name: string;
  /** One sentence for the table. */
  measures: string;
  quick: readonly S[];
  full: readonly S[];
  /** The goals on a machine of two cores. */
  goals?(settings: S): readonly Goal[];
  run(context: Context, settings: S): Promise<Measured>;
}

/** Makes a figure without exposing the type of its settings. */
export function defineFigure<S extends Settings>(figure: Figure<S>): Figure {
  return figure as unknown as Figure;
}
