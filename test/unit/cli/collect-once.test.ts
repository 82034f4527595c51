import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../../src/cli/collect-once.ts", import.meta.url);

/** V8's report of its collections in a process that does this first, and ends after `forMs`. */
async function collections(first: string, forMs = 400): Promise<string> {
  const times = "{ afterMs: 50, lookMs: 50 }";
  const script = `${first}; (await import("${moduleUrl}")).collectOnce(${times}); await new Promise((done) => setTimeout(done, ${forMs}));`;
  const flags = ["--trace-gc", "--no-warnings", "--input-type=module", "--eval", `${script} process.exit();`];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return stdout;
}

/** The main thread has nothing else to do half of the time, until then. */
const busyUntil = (endMs: number) =>
  `const busy = setInterval(() => {
     for (const end = performance.now() + 10; performance.now() < end; );
     if (performance.now() > ${endMs}) clearInterval(busy);
   }, 20)`;

test("memory that nobody needs is given back, but not where there is much in use", async () => {
  expect(await collections("")).toContain("Mark-Compact (reduce)");
  const inUse = "globalThis.much = Array.from({ length: 3e6 }, (_, index) => ({ index }))";
  const output = await collections(inUse);
  expect(output).toContain("Scavenge");
  expect(output).not.toContain("Mark-Compact (reduce)");
});

test("a process that has much to do waits for a quiet moment", async () => {
  expect(await collections(busyUntil(Number.POSITIVE_INFINITY))).not.toContain("Mark-Compact (reduce)");
  expect(await collections(busyUntil(500), 2_000)).toContain("Mark-Compact (reduce)");
});
