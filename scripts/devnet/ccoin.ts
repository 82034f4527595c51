import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const cliPath = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));
/** The options of package.json: a young generation that fits the CPU's cache saves 40 MB and costs no time. */
export const nodeFlags = ["--max-semi-space-size=4"];

/** Runs a command with `--json` and resolves to its result. @throws with the message of its error */
export async function runCcoin<T>(dataDir: string, args: string[], signal: AbortSignal): Promise<T> {
  const all = [cliPath, ...args, "--json", "--datadir", dataDir];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, all, { signal });
    return JSON.parse(stdout) as T;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`ccoin ${args[0]} failed: ${stderr?.trim() || String(error)}`, { cause: error });
  }
}

/** Reads a number of a command line. @throws with `what` and the range */
export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`${what} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}
