import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertOwnNamespace } from "./namespace.ts";
import { cliPath, type Ended, Process, type StartOptions } from "./process.ts";

const shownLines = 25;
/** Limits of the summary of a failure: the newest warnings and errors of a process, then its last lines, each cut. */
const summary = { troubles: 3, lines: 4, characters: 300 };
const warnLevel = 40;

/** The processes and files of a test or script. */
export interface World {
  readonly dataDir: string;
  start(name: string, command: readonly string[], options?: StartOptions): Process;
  /** Runs a command of ccoin to its end. */
  ccoin(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** Runs a command with `--json` and returns its result. @throws if the exit code is not 0 */
  ccoinJson<T>(args: readonly string[], options?: StartOptions): Promise<T>;
  /** Registers a clean-up; all run in reverse order after the processes have ended. */
  onEnd(undo: () => unknown): void;
}

export interface OpenedWorld {
  world: World;
  /** Ends and removes everything; after a failure it first prints the last lines of every process. */
  close(failed: boolean): Promise<void>;
  /** Returns the last lines of every process, shortened. */
  lastWords(): string;
}

export function openWorld(): OpenedWorld {
  assertOwnNamespace();
  const dataDir = mkdtempSync(join(tmpdir(), "ccoin-e2e-"));
  const processes: Process[] = [];
  const undos: (() => unknown)[] = [];
  const start = (name: string, command: readonly string[], options?: StartOptions) => {
    const started = new Process(name, command, options);
    processes.push(started);
    return started;
  };
  const ccoin = (args: readonly string[], options?: StartOptions) => {
    const command = [process.execPath, cliPath, ...args, "--datadir", dataDir];
    return start(`ccoin ${args[0]}`, command, options).ended;
  };
  const world: World = {
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
  return {
    world,
    lastWords: () => processes.map(lastWordsOf).join("\n"),
    async close(failed) {
      if (failed) for (const each of processes) show(each);
      for (const each of processes) each.signalGroup("SIGKILL");
      await Promise.allSettled(processes.map((each) => each.ended));
      for (const undo of undos.reverse()) await undo();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Closes the world of a script on Ctrl-C and the like, so that nothing is left behind. */
export function closeOnSignal(close: (failed: boolean) => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void close(false).finally(() => process.exit(1)));
  }
}

function show(process: Process): void {
  console.error(`${headOf(process)}\n${linesOf(process).slice(-shownLines).join("\n")}`);
}

function lastWordsOf(process: Process): string {
  const lines = linesOf(process);
  const last = lines.slice(-summary.lines);
  const troubles = lines
    .slice(0, -summary.lines)
    .filter((line) => Number(/"level":(\d+)/.exec(line)?.[1]) >= warnLevel)
    .slice(-summary.troubles);
  const cut = [...troubles, ...last].map((line) => line.slice(0, summary.characters));
  return [headOf(process), ...cut].join("\n");
}

function headOf({ name, pid, end }: Process): string {
  return `--- ${name}, process ${pid}, ${end ? `ended with ${end.code ?? end.signal}` : "running"}:`;
}

function linesOf({ stdout, stderr }: Process): string[] {
  return `${stdout}${stderr}`.trimEnd().split("\n");
}
