import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { version } from "../../../src/config/index.ts";
import { root } from "../../e2e/harness/process.ts";
import type { Environment } from "./result-line.ts";

export function environment(): Environment {
  return {
    version,
    commit: git("describe", "--always", "--dirty"),
    node: process.version,
    cpu: cpus()[0]?.model ?? "",
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
  };
}

export function environmentLine({ version, commit, node, cores, cpu }: Environment): string {
  return `ccoin ${version} ${commit}, Node ${node}, ${cores} x ${cpu}`;
}

/** Runs git; returns an empty text outside of a clone. */
function git(...args: string[]): string {
  try {
    return execFileSync("git", args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "";
  }
}
