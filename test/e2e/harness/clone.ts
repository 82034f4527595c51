import { execFileSync } from "node:child_process";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./open-world.ts";
import { root } from "./process.ts";

/** A fresh clone of this checkout's last commit, with its packages. */
export function cloneProject(world: World): string {
  const clone = join(world.dataDir, "clone");
  execFileSync("git", ["clone", "--quiet", "--local", root, clone]);
  copyPackages(clone);
  return clone;
}

/** Those of this checkout, as hard links where that works; the lock file is older, so that nothing is installed again. */
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
