import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../e2e/harness/process.ts";

let main: string | undefined;

/** Builds the package, once, below this project, whose packages it finds. @returns the file that `ccoin` runs */
export function builtCommand(): string {
  if (main) return main;
  const folder = join(root, "build/bench/package");
  // A build refuses a folder that an older version of it has made.
  rmSync(folder, { recursive: true, force: true });
  execFileSync(process.execPath, ["scripts/build.ts", folder], { cwd: root, stdio: "ignore" });
  main = join(folder, "src/cli/main.js");
  return main;
}
