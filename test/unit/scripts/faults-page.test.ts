import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brokenRules } from "../../sim/broken-rules.ts";
import { regressions } from "../../sim/regressions.ts";
import { testedSeeds } from "../../sim/tested-seeds.ts";

const page = readFileSync(new URL("../../../docs/faults.md", import.meta.url), "utf8").replaceAll(
  /\s+/g,
  " ",
);

test("docs/faults.md says how many seeds and broken rules the tests run", () => {
  const rules = Object.keys(brokenRules).length;
  expect(page).toContain(
    `The tests run ${testedSeeds.count} seeds, ${regressions.length} seeds that once failed, and ${rules} deliberately broken rules`,
  );
});
