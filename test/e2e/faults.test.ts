import { test } from "vitest";
import { scenarios } from "../faults/scenarios.ts";
import { seed } from "./harness/random.ts";
import { createWorld } from "./harness/world.ts";

test.each(scenarios)("$name, in the short form of npm run faults", async ({ run, short }) => {
  console.log(
    `seed ${seed}: ${await run(createWorld(), { rounds: short, seed, patience: 5, onRound: () => undefined })}`,
  );
});
