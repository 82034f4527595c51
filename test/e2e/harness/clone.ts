import { execFileSync } from "node:child_process";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./open-world.ts";
import { root } from "./process.ts";

/** Makes a fresh clone of this checkout's last commit, with its packages. */
export function cloneProject(world: World): string {
  const clone = join(world.dataDir, "clone");
  execFileSync("git", ["clone", "--quiet", "--local", root, clone]);
  copyPackages(clone);
  return clone;
}

/** Links or copies the packages of this checkout. The lock file is made older, so that nothing is installed again. */
function copyPackages(clone: string): void {
  const [from, to] = [join(root, "node_modules"), join(clone, "node_modules")];
  try {
    execFileSync("cp", ["-al", from, to], { stdio: "ignore" });
  } catch {
    execFileSync("rm", ["-rf", to]);
    execFileSync("cp", ["-a", from, to]);
  }
  utimesSync(join(clone, "package-lock.json"), 0, 0);
}
