import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { defaultStopTimeoutMs, killAfterMs } from "../../../src/cli/run-until-signal.ts";

const module = new URL("../../../src/cli/run-until-signal.ts", import.meta.url).href;

/**
 * Runs a process with the fake node of `start`, which prints "up" when it starts and "stop <reason>" when it is
 * stopped.
 */
async function run(
  start: string,
  timeoutMs = defaultStopTimeoutMs,
  onHangup = "undefined",
  flags: string[] = [],
) {
  const code = `
    import { runUntilSignal } from ${JSON.stringify(module)};
    const say = (text) => process.stdout.write(text + "\\n");
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const forever = new Promise(() => setInterval(() => {}, 1000));
    const node = (stop) => ({ exitCode: forever, stop: async (reason) => { say("stop " + reason); await stop(); } });
    const start = ${start};
    // The start is called once the signals are watched.
    process.exit(await runUntilSignal(() => { say("up"); return start(); }, ${timeoutMs}, ${onHangup}));`;
  const child = spawn(process.execPath, [...flags, "--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr!.on("data", (data) => {
    errors += data;
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
  return { child, ended, seen, output: () => output, errors: () => errors };
}

describe("runUntilSignal", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("stops once on %s and exits with 0", async (signal) => {
    const { child, ended, output } = await run("async () => node(() => sleep(50))");
    child.kill(signal);
    expect((await ended)[0]).toBe(0);
    expect(output()).toBe(`up\nstop ${signal}\n`);
  });

  it("calls the given function on SIGHUP instead", async () => {
    const { child, ended, output, seen } = await run(
      "async () => node(() => sleep(0))",
      defaultStopTimeoutMs,
      "() => say('hangup')",
    );
    child.kill("SIGHUP");
    await seen("hangup");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    expect(output()).toBe("up\nhangup\nstop SIGTERM\n");
  });

  it("closes in order, with its code, when nothing takes its output any more", async () => {
    const { child, ended, output } = await run(
      "async () => node(async () => { console.error('gone'); await sleep(50); say('closed'); })",
    );
    child.stderr!.destroy();
    child.kill("SIGHUP");
    expect((await ended)[0]).toBe(0);
    expect(output()).toBe("up\nstop SIGHUP\nclosed\n");
  });

  it("counts a signal that arrives twice at once, as through npm, as one", async () => {
    const { child, ended, output } = await run("async () => node(() => sleep(200))");
    // Two signals of the same name could arrive as one.
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    expect(output()).toMatch(/^up\nstop SIG(INT|TERM)\n$/);
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

  it("exits with 0 if the start fails after the signal", async () => {
    const { child, ended } = await run("async () => { await sleep(200); throw new Error('late'); }");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  });

  it.each([
    ["an error that is thrown", "() => { throw new Error('a fault'); }"],
    ["a promise that floats", "() => { Promise.reject(new Error('a fault')); }"],
    [
      "one, where Node.js is to warn only",
      "() => { Promise.reject(new Error('a fault')); }",
      "--unhandled-rejections=warn",
    ],
  ])("closes the node in order after %s, and fails with the reason", async (_, fault, ...flags: string[]) => {
    const start = `async () => { setTimeout(${fault}, 20); return node(() => sleep(50)); }`;
    const { child, ended, output, errors } = await run(start, defaultStopTimeoutMs, "undefined", flags);
    expect((await ended)[0]).toBe(1);
    expect(output()).toBe("up\nstop unhandled error: a fault\n");
    expect(errors()).toMatch(/^unhandled error, the node closes: Error: a fault\n {4}at /);
    expect(child.signalCode).toBeNull();
  });

  it("closes a node that was still starting when nothing handled an error", async () => {
    const { ended, output } = await run(
      "async () => { setTimeout(() => { throw new Error('a fault'); }, 20); await sleep(200); return node(() => sleep(0)); }",
    );
    expect((await ended)[0]).toBe(1);
    expect(output()).toBe("up\nstop unhandled error: a fault\n");
  });

  it("exits with the node's code if the node ends by itself", async () => {
    const { ended } = await run("async () => ({ exitCode: sleep(20).then(() => 1), stop: () => forever })");
    expect((await ended)[0]).toBe(1);
  });

  it.each([
    ["with 1 where closing hangs", "async () => node(() => forever)", 1],
    ["with 0 where starting hangs", "() => forever", 0],
  ])("exits %s", async (_name, start, code) => {
    const { child, ended, errors } = await run(start, 200);
    child.kill("SIGTERM");
    // The kill comes soon after, on a busy machine perhaps before the process ends by itself.
    expect([
      [code, null],
      [null, "SIGKILL"],
    ]).toContainEqual(await ended);
    expect(errors()).toContain("did not close within 200 ms");
  });

  it.each([
    ["once it is to stop", "async () => node(() => { for (;;); })"],
    ["while it starts", "async () => { await sleep(100); say('busy'); for (;;); }"],
  ])("kills a node whose main thread is busy forever %s", async (_name, start) => {
    const { child, ended, errors } = await run(start, 300);
    const begun = performance.now();
    child.kill("SIGTERM");
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(errors()).toContain(`did not end within ${300 + killAfterMs} ms of the signal`);
    expect(performance.now() - begun).toBeGreaterThan(300);
  });

  it("kills a node even if nobody reads its standard error", async () => {
    const full =
      "const { writeSync } = await import('node:fs'); for (;;) try { writeSync(2, 'x'.repeat(1e5)); } catch {}";
    const { child } = await run(`async () => node(async () => { ${full} })`, 300);
    child.stderr!.removeAllListeners("data").pause();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });

  it("gives a node less than 5 s to close", () => {
    expect(defaultStopTimeoutMs + killAfterMs).toBeLessThan(5_000);
  });
});
