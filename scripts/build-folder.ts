import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Name of the file that marks a folder made by a build and lists its contents, one name a line. npm does not pack it.
 */
const mark = ".ccoin-build";

/**
 * Makes a folder for a build, or empties one that an earlier build has made. The mark is written first, so that an
 * interrupted build can be repeated.
 * @param names the entries that the build will make
 * @throws if the folder holds anything else, which stays unchanged
 */
export function prepareBuildFolder(folder: string, names: readonly string[]): void {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  if (present.length > 0 && !present.includes(mark)) {
    throw new Error(`${folder} is not an earlier build: name a folder that is empty or does not exist`);
  }
  const built = present.includes(mark) ? readFileSync(join(folder, mark), "utf8").split("\n") : [];
  // A program that was run in the folder has its compile cache there.
  const removable = new Set([mark, "node_modules", ...built]);
  const foreign = present.filter((name) => !removable.has(name));
  if (foreign.length > 0) {
    throw new Error(`${folder} holds what no build has made: move ${foreign.join(", ")} away first`);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, mark), [...new Set([...built, ...names])].join("\n"));
  for (const name of present) {
    if (name !== mark) rmSync(join(folder, name), { recursive: true });
  }
}
