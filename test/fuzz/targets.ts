import { fileTargets } from "./file-targets.ts";
import { gossipTargets, httpTargets } from "./node-targets.ts";
import type { Target } from "./target.ts";
import { wireTargets } from "./wire-targets.ts";

/** All that takes bytes from outside. Some hold a server or a folder: close them. */
export async function openTargets(): Promise<Target[]> {
  return [...wireTargets(), ...(await fileTargets()), ...(await gossipTargets()), ...(await httpTargets())];
}
