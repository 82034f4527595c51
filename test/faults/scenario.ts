import type { World } from "../e2e/harness/open-world.ts";

interface ScenarioOptions {
  rounds: number;
  seed: number;
  onRound(round: number): void;
}

/** A kind of fault that is repeated on real nodes at seeded moments. */
export interface Scenario {
  name: string;
  /** The rounds of the tests, and those of `npm run faults`. */
  short: number;
  full: number;
  /** Resolves to one line about what was observed. @throws if the node broke a promise */
  run(world: World, options: ScenarioOptions): Promise<string>;
}
