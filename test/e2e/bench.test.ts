import { expect, test } from "vitest";
import type { Context, Settings } from "../bench/figure.ts";
import { figures } from "../bench/figures/index.ts";
import { createWorld } from "./harness/world.ts";

/** Runs the figures in their smallest form and checks that they report a value. No time is asserted. */
test.each<{ name: string; settings: Settings }>([
  { name: "submit-ssz", settings: { authorities: 1, senders: 10, count: 1_000 } },
  { name: "bare-http", settings: { count: 100 } },
  { name: "import-pooled", settings: { transactions: 50, rounds: 2, senders: 10 } },
])("$name runs", async ({ name, settings }) => {
  const context: Context = { world: createWorld(), note: () => undefined };
  const figure = figures.find((one) => one.name === name)!;
  const measured = await figure.run(context, settings);
  expect(measured.value).toBeGreaterThan(0);
  expect(measured.limit!.value).toBeGreaterThan(0);
  for (const { of } of figure.goals?.(settings) ?? []) {
    if (of !== "ratio" && of !== "value") expect(measured.details).toHaveProperty(of);
  }
});
