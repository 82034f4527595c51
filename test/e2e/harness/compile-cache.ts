import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { environment, nodeFlags, root } from "./process.ts";

const modules = ["src/cli/program.ts", "src/node/index.ts"];

/**
 * Fills the compile cache that all nodes of the tests share. With an empty cache each of the first nodes would write it
 * as its process exits, which on a busy machine takes longer than a node may take to end after a signal.
 */
export default function fillCompileCache(): void {
  const urls = modules.map((path) => pathToFileURL(join(root, path)).href);
  const program = `await Promise.all(${JSON.stringify(urls)}.map((url) => import(url)));`;
  execFileSync(process.execPath, [...nodeFlags, "--input-type=module", "--eval", program], {
    env: environment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
}
