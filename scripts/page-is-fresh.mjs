import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Everything that the page is made of: its sources, the client that they import, the packages, and the program that
 * makes it.
 */
const sources = ["src/explorer", "src/client", "scripts/make-page.ts", "package-lock.json"];

/** True where the page in the project's folder is there, and younger than all that goes into it. */
export function isPageFresh(/** @type {string} */ root) {
  const page = statSync(join(root, "build/explorer.json"), { throwIfNoEntry: false });
  return page !== undefined && sources.every((source) => newestMs(join(root, source)) <= page.mtimeMs);
}

/** A folder's own time tells of files that are gone. */
function newestMs(/** @type {string} */ path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.mtimeMs ?? 0;
  const below = readdirSync(path).map((name) => newestMs(join(path, name)));
  return Math.max(stats.mtimeMs, ...below);
}
