/**
 * Reads vitest's JSON report. Prints the numbers of passed and failed tests, then each failure with its project, file,
 * name, message and background (test/e2e/harness/world.ts). A file that fails without a failing test counts as one
 * failure.
 * Usage: node scripts/read-report.ts <project> <report.json>
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

interface Report {
  numPassedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: {
      status: string;
      fullName: string;
      failureMessages: string[];
      meta?: { background?: string };
    }[];
  }[];
}

const [project, path] = process.argv.slice(2);
const { numPassedTests, testResults }: Report = JSON.parse(readFileSync(path!, "utf8"));
const failures = testResults
  .filter(({ status }) => status === "failed")
  .flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === "failed");
    const texts = tests.map(({ fullName, failureMessages, meta }) =>
      [fullName, ...failureMessages, ...(meta?.background ? [meta.background] : [])].join("\n"),
    );
    const file = relative(process.cwd(), name);
    return (texts.length > 0 ? texts : [message]).map((text) => `${project} ${file}: ${withoutRunner(text)}`);
  });
console.log([`${numPassedTests} ${failures.length}`, ...failures].join("\n"));

/** Removes vitest's lines from a stack. */
function withoutRunner(text: string): string {
  return text.replaceAll(/\n +at [^\n]*(?:node_modules|new Promise)[^\n]*/g, "");
}
