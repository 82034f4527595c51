/**
 * Injects faults into nodes many times, and checks that they keep their promises; the tests run the same with fewer
 * rounds. Exits with 1 if a promise was broken. `patience`: factor of all time limits for a busy machine.
 * Usage: npm run faults -- [--only power-cut] [--rounds 100] [--seed 1] [--patience 1]
 */

import { closeOnSignal, openWorld } from "../test/e2e/harness/open-world.ts";
import { scriptArgs } from "../test/e2e/harness/script-args.ts";
import { patience } from "../test/e2e/harness/until.ts";
import { scenarios } from "../test/faults/scenarios.ts";

const { values } = scriptArgs(import.meta.filename, {
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    seed: { type: "string", default: "1" },
    patience: { type: "string", default: "1" },
  },
});
patience.factor = Number(values.patience);
const chosen = scenarios.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(`there is no ${values.only}; there are ${scenarios.map(({ name }) => name).join(", ")}`);
  process.exitCode = 2;
}
for (const scenario of chosen) {
  const rounds = Number(values.rounds ?? scenario.full);
  const { world, close } = openWorld();
  closeOnSignal(close);
  let failed = true;
  try {
    const onRound = (round: number) => {
      if (round % Math.ceil(rounds / 10) === 0) console.log(`${scenario.name}: ${round} of ${rounds}`);
    };
    const seen = await scenario.run(world, {
      rounds,
      seed: Number(values.seed),
      onRound,
    });
    console.log(`${scenario.name}, seed ${values.seed}: ${seen}`);
    failed = false;
  } catch (error) {
    console.error(`${scenario.name}, seed ${values.seed}: FAILED`, error);
    process.exitCode = 1;
  } finally {
    await close(failed);
  }
}
// The traffic of a failed run would continue forever.
process.exit();
