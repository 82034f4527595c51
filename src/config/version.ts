import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The version from package.json, wherever this file was built to. */
export const version: string = (() => {
  const path = findPackageJSON(import.meta.url);
  return path ? (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version : "unknown";
})();
