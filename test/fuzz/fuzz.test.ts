import { afterAll, expect, test } from "vitest";
import { fuzz } from "./run.ts";
import { openTargets } from "./targets.ts";

/** The short form of `npm run fuzz`. */
const runs = 150;
const targets = await openTargets();

afterAll(async () => {
  for (const target of targets) await target.close?.();
});

test.each(targets)("$name takes $form input of every kind without a crash", async (target) => {
  const { failure } = await fuzz(target, { seed: 1, runs });
  if (failure)
    throw new Error(`input ${Buffer.from(failure.input).toString("hex")}`, { cause: failure.error });
});

test("a fault would be found", async () => {
  const target = {
    name: "broken",
    form: "binary" as const,
    seeds: [new Uint8Array(8)],
    run(input: Uint8Array) {
      if (input[3] === 0xff) throw new Error("broken");
      return "taken";
    },
  };
  expect((await fuzz(target, { seed: 1, runs: 1000 })).failure?.input[3]).toBe(0xff);
});
