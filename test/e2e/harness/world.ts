import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { assertOwnNamespace } from "./namespace.ts";
import { cliPath, type Ended, Process, type StartOptions } from "./process.ts";

const shownLines = 25;

/** What one test has started and written; all of it is gone when the test has ended. */
export interface World {
  readonly dataDir: string;
  start(name: string, command: readonly string[], options?: StartOptions): Process;
  /** Runs one command of ccoin to its end. */
  ccoin(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** The same with `--json`. @throws where its exit code is not 0. */
  ccoinJson<T>(args: readonly string[], options?: StartOptions): Promise<T>;
  /** Undone in reverse order, after the processes have ended. */
  onEnd(undo: () => unknown): void;
}

/** For the test that calls it. */
export function createWorld(): World {
  assertOwnNamespace();
  const dataDir = mkdtempSync(join(tmpdir(), "ccoin-e2e-"));
  const processes: Process[] = [];
  const undos: (() => unknown)[] = [];
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") for (const each of processes) show(each);
    for (const each of processes) each.signalGroup("SIGKILL");
    await Promise.allSettled(processes.map((each) => each.ended));
    for (const undo of undos.reverse()) await undo();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const start = (name: string, command: readonly string[], options?: StartOptions) => {
    const started = new Process(name, command, options);
    processes.push(started);
    return started;
  };
  const ccoin = (args: readonly string[], options?: StartOptions) => {
    const command = [process.execPath, cliPath, ...args, "--datadir", dataDir];
    return start(`ccoin ${args[0]}`, command, options).ended;
  };
  return {
    dataDir,
    start,
    ccoin,
    async ccoinJson<T>(args: readonly string[], options?: StartOptions) {
      const { code, stdout, stderr } = await ccoin([...args, "--json"], options);
      if (code !== 0) throw new Error(`ccoin ${args.join(" ")} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    onEnd: (undo) => void undos.push(undo),
  };
}

function show({ name, pid, stdout, stderr, end }: Process): void {
  const state = end ? `ended with ${end.code ?? end.signal}` : "running";
  const lines = `${stdout}${stderr}`.trimEnd().split("\n").slice(-shownLines);
  console.error(`--- ${name}, process ${pid}, ${state}:\n${lines.join("\n")}`);
}
