import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/database.ts";

test("counts tests, and files that fail without one; names what failed, without the runner's part of the stack", async () => {
  const path = join(await temporaryFolder(), "report.json");
  const file = (name: string, status: string, more: object) => ({
    name: join(process.cwd(), name),
    status,
    message: "",
    assertionResults: [],
    ...more,
  });
  const failed = {
    status: "failed",
    fullName: "a test",
    failureMessages: [
      "Error: no\n    at /x/a.test.ts:1:2\n    at file:///x/node_modules/vitest/y.js:3:4\n    at new Promise (<anonymous>)",
    ],
    meta: { background: "--- node 1, process 7, running:\na last line" },
  };
  const passed = { status: "passed", fullName: "another", failureMessages: [] };
  const testResults = [
    file("test/a.test.ts", "failed", { assertionResults: [passed, failed] }),
    file("test/b.test.ts", "failed", { message: "does not load" }),
    file("test/c.test.ts", "passed", { assertionResults: [passed] }),
  ];
  writeFileSync(path, JSON.stringify({ numPassedTests: 2, testResults }));
  expect(execFileSync("node", ["scripts/read-report.ts", "unit", path], { encoding: "utf8" })).toBe(
    [
      "2 2",
      "unit test/a.test.ts: a test",
      "Error: no",
      "    at /x/a.test.ts:1:2",
      "--- node 1, process 7, running:",
      "a last line",
      "unit test/b.test.ts: does not load",
      "",
    ].join("\n"),
  );
});
