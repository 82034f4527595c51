import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../../src/cli/memory.ts", import.meta.url);

const collected = "Mark-Compact (reduce)";

/**
 * Resolves to V8's report of the collections of a process that runs `first`. It ends after `forMs`, by default when it
 * has collected.
 */
async function collections(first: string, forMs?: number): Promise<string> {
  const times = "{ afterMs: 50, lookMs: 50 }";
  const script = `${first}; (await import("${moduleUrl}")).collectOnce(${times}); await new Promise((done) => setTimeout(done, ${forMs ?? 60_000}));`;
  const flags = ["--trace-gc", "--no-warnings", "--input-type=module", "--eval", `${script} process.exit();`];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    output += text;
    if (forMs === undefined && output.includes(collected)) child.kill();
  }
  return output;
}

/** Keeps the main thread busy for half of the time until `endMs`. */
const busyUntil = (endMs: number) =>
  `const busy = setInterval(() => {
     for (const end = performance.now() + 10; performance.now() < end; );
     if (performance.now() > ${endMs}) clearInterval(busy);
   }, 20)`;

test("an idle process returns unused memory, unless its heap is large", async () => {
  expect(await collections("")).toContain(collected);
  const inUse = "globalThis.much = Array.from({ length: 3e6 }, (_, index) => ({ index }))";
  const output = await collections(inUse, 400);
  expect(output).toContain("Scavenge");
  expect(output).not.toContain(collected);
});

test("a busy process waits for a quiet moment", async () => {
  expect(await collections(busyUntil(Number.POSITIVE_INFINITY), 400)).not.toContain(collected);
  expect(await collections(busyUntil(500))).toContain(collected);
});
