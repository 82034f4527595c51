import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { runCli } from "../../../src/cli/program.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.js", import.meta.url));

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real command line in a process without this process's CCOIN_ environment. */
export async function ccoin(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CCOIN_"));
  const child = spawn(process.execPath, [main, ...args], {
    // All processes share a compile cache.
    env: { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: join(tmpdir(), "ccoin-test-cache"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Runs the command line in this process, which is faster. */
export async function ccoinHere(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const text = (spy: typeof stdout) => spy.mock.calls.map(([chunk]) => String(chunk)).join("");
  try {
    const code = await runCli(args);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** Parses the only line as JSON. */
export function oneLine(text: string): unknown {
  if (!/^[^\n]+\n$/.test(text)) throw new Error(`not one line: ${JSON.stringify(text)}`);
  return JSON.parse(text);
}
