import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../../src/cli/node-module.ts", import.meta.url);

/** Runs in a process of its own. Prints the highest size of the heap, as a multiple of what is in use. */
const script = `
  (await import("${moduleUrl}")).limitHeapGrowth();
  const live = new Array(40_000).fill(undefined);
  const step = (index) => { live[index % live.length] = { index, parts: [index, { index }] }; };
  for (let index = 0; index < live.length; index++) step(index);
  gc();
  const inUse = process.memoryUsage().heapUsed;
  let peak = 0;
  for (let index = 0; index < 250_000; index++) {
    step(index);
    if (index % 5_000 === 0) peak = Math.max(peak, process.memoryUsage().heapTotal);
  }
  console.log(peak / inUse);
`;

test("objects that live for a while and then are garbage do not multiply the heap", async () => {
  const flags = ["--expose-gc", "--max-semi-space-size=1", "--no-warnings", "--input-type=module", "--eval"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script]);
  expect(Number(stdout)).toBeLessThan(3);
});
