import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brokenRules } from "../../sim/broken-rules.ts";
import type { SimNode } from "../../sim/node.ts";
import { Random } from "../../sim/random.ts";
import { regressions } from "../../sim/regressions.ts";
import { drawScenario } from "../../sim/scenario.ts";
import { settleMs } from "../../sim/standing.ts";
import { testedSeeds } from "../../sim/tested-seeds.ts";

const textOf = (name: string) =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8").replaceAll(/\s+/g, " ");
const page = textOf("faults.md");

test("docs/faults.md says how many seeds and broken rules the tests run", () => {
  const rules = Object.keys(brokenRules).length;
  expect(page).toContain(
    `The tests run ${testedSeeds.count} seeds, ${regressions.length} seeds that once failed, and ${rules} deliberately broken rules`,
  );
});

test("docs/faults.md says what the simulator draws", () => {
  const drawn = Array.from({ length: 1_000 }, (_, seed) => drawScenario(new Random(seed)));
  const counts = drawn.map(({ authorities }) => authorities);
  const observers = Math.max(...drawn.map((each) => each.observers));
  expect(page).toContain(
    `${Math.min(...counts)} to ${Math.max(...counts)} authorities and up to ${["no", "one", "two"][observers]} observers`,
  );
  const faults = new Set(drawn.flatMap(({ faulty }) => [...faulty.values()]));
  expect(faults).toEqual(
    new Set(["equivocateHeaders", "equivocateVotes", "withhold", "badStateRoots", "absent", "clone"]),
  );
  const share = (is: (each: (typeof drawn)[number]) => boolean) => drawn.filter(is).length / drawn.length;
  for (const [what, is] of [
    ["old copies", share(({ restoreShare }) => restoreShare > 0)],
    ["bare majorities", share(({ bareMajorityShare }) => bareMajorityShare > 0)],
    ["votes on the set", share(({ authorityVotesEveryMs }) => authorityVotesEveryMs > 0)],
    ["votes on parameters", share(({ parameterVotesEveryMs }) => parameterVotesEveryMs > 0)],
    ["recoveries", share(({ recovers }) => recovers)],
  ] as const)
    expect(is, what).toBeGreaterThan(0.02);
  expect(page).toContain("Half of the seeds have liars");
  expect(share(({ liars }) => liars !== undefined)).toBeCloseTo(0.5, 1);
  expect(page).toContain(`up to ${Math.max(...drawn.map(({ liars }) => liars?.ids ?? 0))} peers at once`);
});

test("docs/consensus.md says after what time a run of the simulator fails", () => {
  const ofSet = (count: number, emptyBlockPeriodMs: number) => {
    const parameters = { periodMs: 500, emptyBlockPeriodMs };
    const snapshot = { authorities: new Array(count).fill(undefined), parameters };
    return settleMs([{ services: { chain: { snapshot } } }] as unknown as SimNode[]);
  };
  expect([ofSet(4, 1_000), ofSet(4, 0), ofSet(13, 15_000)]).toEqual([66_000, 63_000, 60_000 + 15 * 15_000]);
  expect(textOf("consensus.md")).toContain(
    "A run fails in which it takes 60 s and the time of `n + 2` empty blocks, or as many periods if there are none",
  );
});
