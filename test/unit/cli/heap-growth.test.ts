import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../../src/cli/node-module.ts", import.meta.url);

/** Runs in a process of its own. Prints the highest size of the heap, as a multiple of what is in use. */
const script = `
  (await import("${moduleUrl}")).setHeapOptions();
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

test("the young generation is collected when it is full, and not before, by a task", async () => {
  const work = `
    let turns = 0;
    const timer = setInterval(() => {
      for (let index = 0; index < 20_000; index++) globalThis.last = { index };
      if (++turns === 200) clearInterval(timer);
    }, 1);
  `;
  const collections = async (before: string) => {
    const flags = ["--trace-gc", "--max-semi-space-size=1", "--no-warnings", "--input-type=module", "--eval"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, before + work]);
    return stdout.split("\n").filter((line) => line.includes("Scavenge"));
  };
  const byTask = (line: string) => line.includes(" task;");
  expect((await collections("")).some(byTask)).toBe(true);
  const own = await collections(`(await import("${moduleUrl}")).setHeapOptions();`);
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter(byTask)).toEqual([]);
});
