import { test } from "vitest";
import { scenarios } from "../faults/scenarios.ts";
import { seed } from "./harness/random.ts";
import { patience } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

// The full runs measure times on an idle machine; here only the outcome counts.
patience.factor = Math.max(patience.factor, 3);

test.each(scenarios.filter(({ short }) => short > 0))(
  "$name, in the short form of npm run faults",
  async ({ run, short }) => {
    console.log(
      `seed ${seed}: ${await run(createWorld(), { rounds: short, seed, onRound: () => undefined })}`,
    );
  },
);
