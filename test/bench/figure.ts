import type { World } from "../e2e/harness/open-world.ts";

/** Settings of one run of a figure: numbers and names that go into its result line. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** The bound that nothing can beat on this machine, measured in the same run and in the unit of the value. */
export interface Limit {
  what: string;
  value: number;
}

export interface Measured {
  value: number;
  unit: string;
  limit?: Limit;
  /** CPU of all node processes, user and system, while the value was measured; of this process if the figure runs in it. */
  cpuSeconds?: number;
  /** CPU of this process if it makes the load for others. */
  loadCpuSeconds?: number;
  /** CPU of everything else on the machine: a run beside much other work says little. */
  otherCpuSeconds?: number;
  /** The highest resident set of one node process, from its start on. */
  peakMemoryBytes?: number;
  /** Everything else that was seen, with its unit in the name. */
  details?: Record<string, number>;
}

/** The goal of a figure. `of`: the ratio to the limit, the value, or the name of a detail. */
export interface Goal {
  of: string;
  is: ">=" | "<=" | "<";
  bound: number;
}

export interface Context {
  /** Processes and a data folder, gone after the run. */
  readonly world: World;
  /** A line for people. */
  note(text: string): void;
}

/** One thing that is measured, with one result for each of its settings. */
export interface Figure<S extends Settings = Settings> {
  name: string;
  /** One sentence for the table. */
  measures: string;
  quick: readonly S[];
  full: readonly S[];
  /** On a machine of two cores. */
  goals?(settings: S): readonly Goal[];
  run(context: Context, settings: S): Promise<Measured>;
}

/** Keeps the type of the settings inside of the figure. */
export function defineFigure<S extends Settings>(figure: Figure<S>): Figure {
  return figure as unknown as Figure;
}
