/**
 * Runs the benchmarks in a network namespace of their own. For `peers` it first installs the other programs, in a
 * temporary folder, since the namespace has no way out.
 * Usage: npm run bench -- [ARGUMENT…] (see main.ts)
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPrograms } from "./peers/install.ts";
import { writeInstallations } from "./peers/installation.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const args = process.argv.slice(2);
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());

/**
 * Runs a command to its end, and resolves to its exit code and its output, if that is not shown. An interruption
 * reaches it once, however often a terminal and npm send it, because it has a process group of its own.
 */
function runToEnd([name, ...rest]: readonly string[], { shown = false, cwd = process.cwd() } = {}) {
  return new Promise<{ code: number; output: string }>((resolve, reject) => {
    interrupted.signal.throwIfAborted();
    const stdio = shown ? "inherit" : "pipe";
    const child = spawn(name!, rest, { stdio: ["ignore", stdio, stdio], detached: true, cwd });
    const stop = () => child.kill("SIGTERM");
    interrupted.signal.addEventListener("abort", stop);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    child.once("error", reject);
    child.once("close", (code) => {
      interrupted.signal.removeEventListener("abort", stop);
      resolve({ code: code ?? 1, output });
    });
  });
}

async function run(command: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await runToEnd(command, { cwd });
  interrupted.signal.throwIfAborted();
  if (code !== 0) throw new Error(`${command[0]} failed: ${output.trim().split("\n").slice(-2).join(" ")}`);
  return output;
}

const folder = args[0] === "peers" ? mkdtempSync(join(tmpdir(), "ccoin-peers-")) : undefined;
try {
  if (folder) writeInstallations(folder, await installPrograms(folder, run, console.error));
  const more = folder ? ["--programs", folder] : [];
  const main = [file("../../scripts/in-netns.sh"), process.execPath, file("main.ts"), ...args, ...more];
  process.exitCode = (await runToEnd(main, { shown: true })).code;
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.exitCode = 1;
} finally {
  if (folder) rmSync(folder, { recursive: true, force: true });
}
