import type { World } from "../e2e/harness/open-world.ts";

interface ScenarioOptions {
  rounds: number;
  seed: number;
  onRound(round: number): void;
}

/** A kind of fault, done to real nodes again and again at seeded moments. */
export interface Scenario {
  name: string;
  /** Rounds that the tests run, and those of `npm run faults`. */
  short: number;
  full: number;
  /** Resolves to what was seen, in one line. @throws where the node broke a promise. */
  run(world: World, options: ScenarioOptions): Promise<string>;
}
