import { fileTargets } from "./file-targets.ts";
import { gossipTargets, httpTargets } from "./node-targets.ts";
import type { Target } from "./target.ts";
import { wireTargets } from "./wire-targets.ts";

/** Opens all targets. Some hold a server or a folder and must be closed. */
export async function openTargets(): Promise<Target[]> {
  return [...wireTargets(), ...(await fileTargets()), ...(await gossipTargets()), ...(await httpTargets())];
}
