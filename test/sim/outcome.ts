import type { Scenario, ScenarioWishes } from "./scenario.ts";

export interface SimulationOptions extends ScenarioWishes {
  seed: number;
  /** Keeps what happened. */
  trace?: boolean;
}

export interface Outcome {
  seed: number;
  violation: { rule: string; detail: string } | undefined;
  scenario: Scenario;
  trace: string[];
  /** Events, simulated time, blocks, and errors that nodes have logged. */
  steps: number;
  simulatedMs: number;
  /** From the end of the faults until all was well. */
  settledMs: number;
  height: number;
  finalizedHeight: number;
  errors: Map<string, number>;
}
