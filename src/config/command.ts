import { existsSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";

/** True in a clone, where npm runs the project. The package and the image, which lack this script, bring the command. */
export const isClone: boolean = (() => {
  const path = findPackageJSON(import.meta.url);
  return path !== undefined && existsSync(join(dirname(path), "scripts/setup.mjs"));
})();

/**
 * Returns a line for a shell that runs ccoin with the arguments. In a clone, `npm start` also installs the packages and
 * makes the page.
 */
export function commandLine(args: string, ofClone = isClone): string {
  if (!ofClone) return `ccoin ${args}`;
  const [, ...ofStart] = /^start\b ?(.+)?/.exec(args) ?? [];
  if (ofStart.length === 0) return `npm run -s ccoin -- ${args}`;
  return ["npm start", ...ofStart.filter(Boolean)].join(" -- ");
}
