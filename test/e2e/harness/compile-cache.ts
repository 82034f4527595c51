import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { environment, nodeFlags, root } from "./process.ts";

const moduleUrl = (path: string) => JSON.stringify(pathToFileURL(join(root, path)).href);

/**
 * Fills the compile cache that all nodes of the tests share. With an empty cache each of the first nodes would write it
 * as its process exits, which on a busy machine takes longer than a node may take to end after a signal.
 */
export default function fillCompileCache(): void {
  const program = `
const { commandTable } = await import(${moduleUrl("src/cli/command-table.ts")});
for (const { load } of Object.values(commandTable)) await load();
await import(${moduleUrl("src/cli/program.ts")});
await (await import(${moduleUrl("src/cli/node-module.ts")})).loadNode();`;
  // As in main.js: V8 refuses code that was cached with other options.
  const flags = [...nodeFlags, "--no-opt", "--no-maglev", "--input-type=module", "--eval"];
  execFileSync(process.execPath, [...flags, program], {
    env: environment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
}
