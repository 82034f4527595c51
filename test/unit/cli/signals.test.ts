import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { defaultStopTimeoutMs } from "../../../src/cli/run-until-signal.ts";

const module = new URL("../../../src/cli/run-until-signal.ts", import.meta.url).href;

/** A process that runs the fake node that `start` makes, and says "up" when starting and "stop <reason>" when stopped. */
async function run(start: string, timeoutMs = defaultStopTimeoutMs) {
  const code = `
    import { runUntilSignal } from ${JSON.stringify(module)};
    const say = (text) => process.stdout.write(text + "\\n");
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const forever = new Promise(() => setInterval(() => {}, 1000));
    const node = (stop) => ({ exitCode: forever, stop: async (reason) => { say("stop " + reason); await stop(); } });
    const start = ${start};
    // Called once the signals are watched.
    process.exit(await runUntilSignal(() => { say("up"); return start(); }, ${timeoutMs}));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let output = "";
  child.stdout!.on("data", (data) => {
    output += data;
  });
  const ended = once(child, "close") as Promise<[number | null, string | null]>;
  const seen = (text: string) => expect.poll(() => output, { interval: 10 }).toContain(text);
  await seen("up");
  return { child, ended, seen, output: () => output };
}

describe("runUntilSignal", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("stops once on %s and exits with 0", async (signal) => {
    const { child, ended, output } = await run("async () => node(() => sleep(50))");
    child.kill(signal);
    expect((await ended)[0]).toBe(0);
    expect(output()).toBe(`up\nstop ${signal}\n`);
  });

  it("takes a signal that comes twice at once, as through npm, for one", async () => {
    const { child, ended, seen, output } = await run("async () => node(() => sleep(200))");
    child.kill("SIGINT");
    await seen("stop");
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(0);
    expect(output()).toBe("up\nstop SIGINT\n");
  });

  it("exits at once with 130 on a second signal", async () => {
    const { child, ended, seen } = await run("async () => node(() => forever)");
    child.kill("SIGTERM");
    await seen("stop");
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
  });

  it("stops a node that was still starting", async () => {
    const { child, ended, output } = await run(
      "async () => { await sleep(200); return node(() => sleep(0)); }",
    );
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    expect(output()).toBe("up\nstop SIGTERM\n");
  });

  it("exits with 0 where the start fails after the signal", async () => {
    const { child, ended } = await run("async () => { await sleep(200); throw new Error('late'); }");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });

  it("exits with the node's code where it ends by itself", async () => {
    const { ended } = await run("async () => ({ exitCode: sleep(20).then(() => 1), stop: () => forever })");
    expect((await ended)[0]).toBe(1);
  });

  it.each([
    ["with 1 where closing hangs", "async () => node(() => forever)", 1],
    ["with 0 where starting hangs", "() => forever", 0],
  ])("exits %s", async (_name, start, code) => {
    const { child, ended } = await run(start, 200);
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(code);
  });

  it("gives a node less than 5 s to close", () => {
    expect(defaultStopTimeoutMs).toBeLessThan(5_000);
  });
});
