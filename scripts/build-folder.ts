import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";

/**
 * Name of the file that marks a folder made by a build and lists its contents, one path a line. `src/*` stands for
 * everything below: what an interrupted build has made. npm does not pack the file.
 */
const mark = ".ccoin-build";
const maxNamed = 3;

/**
 * Makes a folder for a build, or empties one that an earlier build has made. The mark is written first, so that an
 * interrupted build can be repeated.
 * @param names the entries that the build will make
 * @throws if the folder holds anything else, which stays unchanged
 */
export function prepareBuildFolder(folder: string, names: readonly string[]): void {
  const present = entriesOf(folder);
  if (present.length > 0 && !present.includes(mark)) {
    throw new Error(`${folder} is not an earlier build: name a folder that is empty or does not exist`);
  }
  const built = present.includes(mark) ? readFileSync(join(folder, mark), "utf8").split("\n") : [];
  const removable = new Set([mark, ...built]);
  const isForeign = (path: string) => !removable.has(path) && !removable.has(`${topOf(path)}/*`);
  const foreign = present.filter(
    (path) => isForeign(path) && (path === topOf(path) || !isForeign(dirname(path))),
  );
  if (foreign.length > 0) {
    const more = foreign.length > maxNamed ? ` and ${foreign.length - maxNamed} more` : "";
    const named = foreign.slice(0, maxNamed).join(", ");
    throw new Error(`${folder} holds what no build has made: move ${named}${more} away first`);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, mark), [...new Set([...built, ...names.map((name) => `${name}/*`)])].join("\n"));
  for (const name of readdirSync(folder)) {
    if (name !== mark) rmSync(join(folder, name), { recursive: true });
  }
}

/** Lists what the build has made, so that the next one knows it from files that were added later. */
export function finishBuildFolder(folder: string): void {
  writeFileSync(join(folder, mark), entriesOf(folder).join("\n"));
}

/** Returns the paths of all files and folders below, or none if the folder does not exist. */
function entriesOf(folder: string): string[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })) return [];
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`${folder} is a file, or a link that leads nowhere: name a folder`);
  }
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  // A program that was run in the folder has its compile cache in node_modules.
  return paths.map((path) => path.replaceAll(sep, "/")).filter((path) => topOf(path) !== "node_modules");
}

function topOf(path: string): string {
  return path.split("/", 1)[0]!;
}
