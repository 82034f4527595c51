import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../../src/cli/collect-once.ts", import.meta.url);

/** What V8 says of its collections in a process that does this first. */
async function collections(first: string): Promise<string> {
  const script = `${first}; (await import("${moduleUrl}")).collectOnce(1); await new Promise((done) => setTimeout(done, 300));`;
  const flags = ["--trace-gc", "--no-warnings", "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return stdout;
}

test("memory that nobody needs is given back, but not where there is much in use", async () => {
  expect(await collections("")).toContain("Mark-Compact (reduce)");
  const inUse = "globalThis.much = Array.from({ length: 3e6 }, (_, index) => ({ index }))";
  const output = await collections(inUse);
  expect(output).toContain("Scavenge");
  expect(output).not.toContain("Mark-Compact (reduce)");
});
