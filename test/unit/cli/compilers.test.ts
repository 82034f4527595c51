import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const moduleUrl = (name: string) => new URL(`../../../src/cli/${name}`, import.meta.url);

/** Functions that V8 optimizes as soon as it may. */
const hotWork = `
  const step = (object, index) => object.a + index;
  const work = () => {
    let sum = 0;
    for (let index = 0; index < 1e3; index++) sum = step({ a: sum }, index) % 1000;
  };`;
const ofHotWork = /completed (optimizing|compiling) .*<JSFunction (work|step)/;

/** Those of main.js. */
const flags = ["--no-opt", "--no-maglev"];

/** Resolves to V8's report of what it optimizes, with what the program prints. */
async function optimized(program: string, given: string[] = []): Promise<string> {
  const all = ["--trace-opt", "--no-warnings", ...given, "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, all, { maxBuffer: 2 ** 26 });
  return stdout;
}

test("a command that loads no node runs without V8's optimizing compilers", async () => {
  const program = (command: string) => `${hotWork}
    process.on("exit", () => { for (let round = 0; round < 1e4; round++) work(); });
    ${command}`;
  expect(await optimized(program(""))).toMatch(ofHotWork);
  const command = `process.argv.push("ccoin", "--version"); await import("${moduleUrl("main.js")}");`;
  const report = await optimized(program(command));
  expect(report).toMatch(/^\d+\.\d+\.\d+/m);
  expect(report).not.toMatch(ofHotWork);
});

test("a command that loads the node starts the compilers at once, unless it may idle", async () => {
  const program = (options: string) => `${hotWork}
    await (await import("${moduleUrl("node-module.ts")}")).loadNode(${options});
    for (let round = 0; round < 1e4; round++) { work(); if (round % 50 === 0) await new Promise(setImmediate); }`;
  expect(await optimized(program(""), flags)).toMatch(ofHotWork);
  expect(await optimized(program("{ mayIdle: true }"), flags)).not.toMatch(ofHotWork);
});

test("the compilers start once the main thread has had much to do, and never while it idles", async () => {
  const program = (busyMs: number, idleMs: number) => `${hotWork}
    const { startCompilers } = await import("${moduleUrl("node-module.ts")}");
    const { untilBusy } = await import("${moduleUrl("memory.ts")}");
    let isBusy = false;
    const limits = { startMs: 300, lookMs: 20, idleShare: 0.5 };
    const started = untilBusy(limits).then(() => { isBusy = true; console.log("busy"); startCompilers(); });
    const until = performance.now() + ${busyMs + idleMs};
    while (performance.now() < until && !isBusy) {
      for (const end = performance.now() + ${busyMs / 100}; performance.now() < end; ) work();
      await new Promise((done) => setTimeout(done, ${idleMs / 100}));
    }
    for (let round = 0; round < 1e4 && isBusy; round++) { work(); if (round % 50 === 0) await new Promise(setImmediate); }`;
  const [before, after] = (await optimized(program(60_000, 0), flags)).split("busy\n");
  expect(before).not.toMatch(ofHotWork);
  expect(after).toMatch(ofHotWork);
  expect(await optimized(program(100, 2_000), flags)).not.toContain("busy");
});

test("a rest is no credit: the same work starts the compilers after a long one", async () => {
  const program = (restMs: number) => `
    const { untilBusy } = await import("${moduleUrl("memory.ts")}");
    let isBusy = false;
    untilBusy({ startMs: 200, lookMs: 20, idleShare: 0.5 }).then(() => { isBusy = true; });
    await new Promise((done) => setTimeout(done, ${restMs}));
    let workMs = 0;
    while (!isBusy) {
      for (const end = performance.now() + 10; performance.now() < end; );
      workMs += 10;
      await new Promise(setImmediate);
    }
    console.log("after " + workMs);`;
  const run = ["--no-warnings", "--input-type=module", "--eval", program(2_000)];
  const { stdout } = await promisify(execFile)(process.execPath, run);
  // Half of the work counts: 400 ms are enough. As a credit, the rest would be worth 2,000 more.
  expect(Number(stdout.slice("after ".length))).toBeLessThan(1_200);
});
