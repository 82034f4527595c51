import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { patience } from "./until.ts";

export const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
export const cliPath = join(root, "src/cli/main.js");
/** Starts a node of a release that knows later rules. */
export const laterReleasePath = join(root, "test/e2e/harness/later-release.ts");
/** The same options as in package.json. */
export const nodeFlags = ["--max-semi-space-size=4"];

const setpriv = "/usr/bin/setpriv";
/** Makes the kernel end the nodes when the test process itself is killed. */
const dieWithParent = existsSync(setpriv) ? [setpriv, "--pdeathsig", "KILL"] : [];

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Milliseconds since the start of the process. */
  afterMs: number;
}

export interface StartOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A command that runs the program, such as nsenter. */
  enter?: readonly string[];
}

/** A process in its own process group, with its output. */
export class Process {
  readonly name: string;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  end: Ended | undefined;
  readonly #child: ChildProcess;

  constructor(name: string, command: readonly string[], { cwd, env, enter = [] }: StartOptions = {}) {
    this.name = name;
    const startedAt = performance.now();
    const [file, ...args] = [...dieWithParent, ...enter, ...command];
    this.#child = spawn(file!, args, {
      ...(cwd && { cwd }),
      env: { ...environment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => {
        const { stdout, stderr } = this;
        this.end = { code, signal, stdout, stderr, afterMs: performance.now() - startedAt };
        resolve(this.end);
      });
    });
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal to the process alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Sends a signal to the process and its children, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The process has ended.
    }
  }
}

/** The time that a node may take to close after a signal (`start --stop-timeout`). */
const stopTimeoutMs = 4_500;

/**
 * Returns an environment without this process's settings. All processes share a compile cache; nodes get more time to
 * close on a busy machine.
 */
export function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CCOIN_|VITEST|npm_|NODE_OPTIONS|TEST$|NODE_ENV)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    NODE_COMPILE_CACHE: join(tmpdir(), "ccoin-test-cache"),
    ...(patience.factor > 1 && { CCOIN_STOP_TIMEOUT: String(stopTimeoutMs * patience.factor) }),
  };
}
