import type { Scenario, ScenarioWishes } from "./scenario.ts";

export interface SimulationOptions extends ScenarioWishes {
  seed: number;
  /** True to keep a trace of events. */
  trace?: boolean;
}

export interface Outcome {
  seed: number;
  violation: { rule: string; detail: string } | undefined;
  scenario: Scenario;
  trace: string[];
  /** The numbers of events and blocks, the simulated time, and the errors that nodes have logged. */
  steps: number;
  simulatedMs: number;
  /** The time from the end of the faults until all was well. */
  settledMs: number;
  height: number;
  finalizedHeight: number;
  errors: Map<string, number>;
}
