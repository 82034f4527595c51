#!/usr/bin/env node
/**
 * Checks the model of finality (spec/README.md) exhaustively with Spin. `--break NAME` breaks one of its rules, which
 * Spin then finds.
 * Usage: node scripts/model.ts [--break NAME] [--memory-mb 6000]
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { scriptArgs } from "../test/e2e/harness/script-args.ts";

const model = resolve(import.meta.dirname, "../spec/finality.pml");

/** The runs, each with so few rounds that its whole state space fits into memory. */
const runs: Record<string, string[]> = {
  "fixed set": ["ROUNDS=4", "LOST_STARTS=2"],
  "change of the set": ["CHANGE", "ROUNDS=3", "LOST_STARTS=1"],
};

/** Macros of the model that break a rule, each with a space that contains a run in which the rule is missing. */
const breaks: Record<string, string[]> = {
  quorum: ["BREAK_QUORUM", "ROUNDS=4", "LOST_STARTS=1"],
  source: ["BREAK_SOURCE", "ROUNDS=4", "LOST_STARTS=1"],
  consecutive: ["BREAK_CONSECUTIVE", "ROUNDS=4", "LOST_STARTS=1"],
  doubt: ["BREAK_DOUBT", "ROUNDS=4", "LOST_STARTS=1"],
  fresh: ["BREAK_FRESH", "BREAK_MARGIN", "ROUNDS=4", "LOST_STARTS=0"],
  margin: ["BREAK_MARGIN", "ROUNDS=4", "LOST_STARTS=1"],
  claim: ["BREAK_CLAIM", "ROUNDS=4", "LOST_STARTS=1"],
  change: ["BREAK_CHANGE", "CHANGE", "ROUNDS=3", "LOST_STARTS=0"],
};

const { values } = scriptArgs(import.meta.filename, {
  options: { break: { type: "string" }, "memory-mb": { type: "string" } },
});
const memoryMb = values["memory-mb"] ?? "6000";

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function run(folder: string, command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0 || stdout === null) fail(`${command} ${args.join(" ")}\n${stdout ?? ""}${stderr ?? ""}`);
  return stdout;
}

/** Runs Spin; returns the number of errors and the run that leads to the first. */
function check(name: string, macros: readonly string[]): { errors: number; trail: string } {
  const folder = mkdtempSync(join(tmpdir(), "ccoin-model-"));
  try {
    // Spin writes files beside the model.
    copyFileSync(model, join(folder, "finality.pml"));
    const flags = macros.map((macro) => `-D${macro}`);
    run(folder, "spin", ["-a", ...flags, "finality.pml"]);
    // SAFETY checks only assertions. NOREDUCE: with one process there are no orders to reduce.
    run(folder, "cc", ["-O2", "-w", "-DSAFETY", "-DNOREDUCE", `-DMEMLIM=${memoryMb}`, "-o", "pan", "pan.c"]);
    const startedMs = performance.now();
    const output = run(folder, "./pan", ["-m100000", "-w24"]);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    if (!/Full statespace search/.test(output)) fail(output);
    const errors = number(output, /errors: (\d+)/);
    // An incomplete search proves nothing.
    if (errors === 0 && /max search depth too small|Search not completed|out of memory/.test(output))
      fail(output);
    const states = number(output, /(\d+) states, stored/);
    const depth = number(output, /depth reached (\d+)/);
    const usedMb = Math.round(number(output, /([\d.]+)\s+total actual memory usage/));
    console.log(
      `${name} (${macros.join(" ")}): ${states} states, depth ${depth}, ${usedMb} MB, ${seconds} s, ${errors} errors`,
    );
    const replay = errors > 0 ? run(folder, "spin", ["-t", "-T", ...flags, "finality.pml"]) : "";
    const trail = new Set(replay.split("\n").filter((line) => line.startsWith("round ")));
    return { errors, trail: [...trail].join("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function number(text: string, pattern: RegExp): number {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) fail(`the output of Spin has no ${pattern}:\n${text}`);
  return Number(match);
}

for (const tool of ["spin", "cc"]) {
  if (spawnSync(tool, ["-V"]).error) fail(`${tool} is not installed; on Debian: apt-get install spin gcc`);
}

if (values.break === undefined) {
  const found = Object.entries(runs).map(([name, macros]) => check(name, macros));
  if (found.some(({ errors }) => errors > 0)) {
    for (const { trail } of found) console.log(trail);
    process.exit(1);
  }
  console.log("no two conflicting blocks become final");
} else {
  const macros = breaks[values.break] ?? fail(`--break: one of ${Object.keys(breaks).join(", ")}`);
  const { errors, trail } = check(`broken: ${values.break}`, macros);
  if (errors === 0) {
    console.error("the broken rule was not found");
    process.exit(1);
  }
  console.log(trail);
  console.log(`the broken rule was found: ${values.break}`);
}
