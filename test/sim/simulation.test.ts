import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { brokenRules } from "./broken-rules.ts";
import { ofCoalitions, ofStrangers } from "./liars/behaviours.ts";
import { regressions } from "./regressions.ts";
import { simulate } from "./simulation.ts";
import { testedSeeds } from "./tested-seeds.ts";

const script = fileURLToPath(new URL("../../scripts/sim.ts", import.meta.url));

/** The large young generation saves a third of the time. */
const flags = ["--max-semi-space-size=64"];
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "ccoin-test-cache") };

/** Runs the script as by hand, without the overhead of the test runner. */
function runScript(...parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, script, ...parameters], {
    encoding: "utf8",
    env,
  });
  return { status, output: `${stdout}\n${stderr}` };
}

describe("simulator", () => {
  test.each([
    ["without liars", false as const],
    ["with every liar", Object.keys({ ...ofStrangers, ...ofCoalitions })],
  ])("the same seed gives the same run, %s", async (_, liars) => {
    const options = { seed: 7, liars, trace: true };
    const [one, other] = [await simulate(options), await simulate(options)];
    expect(one.trace.length).toBeGreaterThan(100);
    expect(other.trace).toEqual(one.trace);
    expect(other.steps).toBe(one.steps);
  });

  test.each(regressions)(
    "holds for seed $seed: $found",
    async ({ seed, authorities, liars = false as const }) => {
      expect((await simulate({ seed, authorities, liars, changes: false })).violation).toBeUndefined();
    },
  );

  test(`${testedSeeds.count} seeds without a violation`, () => {
    const { first, count } = testedSeeds;
    const { status, output } = runScript("--seed", String(first), "--runs", String(count));
    expect(output.split("\n").slice(-60).join("\n")).not.toContain("VIOLATION");
    expect(status, output.slice(-4_000)).toBe(0);
  });

  test.each(Object.entries(brokenRules))(
    "finds a broken rule: %s",
    (name, { authorities, liars, recovery, ...rule }) => {
      const { status, output } = runScript(
        ...["--break", name, "--seed", String(rule.seed ?? 1), "--runs", String(rule.runs)],
        // Another worker would load the node and run the next seed for nothing: the first seed usually finds it.
        ...["--jobs", "1"],
        ...(authorities === undefined ? [] : ["--authorities", String(authorities)]),
        ...(recovery ? ["--recovery"] : []),
        ...(liars === undefined ? [] : ["--liars", liars.join(",")]),
      );
      expect(status, output.slice(-4_000)).toBe(1);
      const found = output.match(/VIOLATION with seed \d+: ([a-z ]+):/)?.[1];
      expect(rule.found, output.slice(-4_000)).toContain(found);
    },
  );
});
