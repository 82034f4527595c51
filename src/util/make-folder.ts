import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errors.ts";

/**
 * Makes a folder and those above it that are missing; resolves to the topmost one that it made. `mkdir` of Node.js with
 * `recursive` never returns where a file system refuses new entries with ENOENT, as /proc does. @throws the error of
 * the file system
 */
export async function makeFolder(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === "EEXIST") return undefined;
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    const topmost = await makeFolder(parent, mode);
    await mkdir(path, { mode }).catch((cause: unknown) => {
      // Another process may have made it meanwhile.
      if (codeOf(cause) !== "EEXIST") throw cause;
    });
    return topmost ?? path;
  }
}
