#!/usr/bin/env node
/**
 * Mutation testing with StrykerJS: changes the code of a part in one place after the other, and runs the unit tests
 * that run the place. A mutant that no test notices is a rule without a test. docs/mutation.md has the scores and what
 * survives.
 * Usage: node scripts/mutate.ts [PART[/FILE[:LINE-LINE][,FILE…]]…] [--concurrency N] [--all] [--quick]
 * PART is one of test/mutation/parts.ts, by default all; FILE only some files of it. Results are kept in
 * reports/mutation: a mutant is run again if it has survived, or if it or a test that runs it has changed; `--all` runs
 * all again. `--quick` leaves out those that only run while modules are loaded: a few per cent of them, but most of the
 * time. Ends with exit code 1 where a part scores less than 90 %.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { scriptArgs } from "../test/e2e/harness/script-args.ts";
import { parts } from "../test/mutation/parts.ts";

const goal = 90;
const root = join(import.meta.dirname, "..");

const { values, positionals } = scriptArgs(import.meta.filename, {
  allowPositionals: true,
  options: {
    concurrency: { type: "string", default: "2" },
    all: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
  },
});

type Mutants = Awaited<ReturnType<Stryker["runMutationTest"]>>;

interface File {
  mutants: { status: string }[];
}

async function run(name: string): Promise<Mutants> {
  const [partName = "", list] = name.split("/");
  const part = parts[partName];
  if (!part) throw new Error(`no part ${name}: there are ${Object.keys(parts).join(", ")}`);
  const files = list?.split(",").map((file) => file.split(/(?=:)/) as [name: string, lines?: string]);
  const report = join("reports/mutation", name.replaceAll(/[/,:]/g, "-"));
  const incrementalFile = `${report}.incremental.json`;
  forgetSurvivors(incrementalFile);
  const tests = files?.flatMap(([file]) => part.testsOf?.[file] ?? part.tests) ?? part.tests;
  process.env["MUTATION_TESTS"] = [...new Set(tests)].join(" ");
  process.env["MUTATION_TEST_TIMEOUT_MS"] = String(part.testTimeoutMs ?? "");
  return new Stryker({
    mutate:
      files?.map(
        ([file, lines = ""]) =>
          (part.mutate.find((each) => each.endsWith(`/${file}`)) ?? `src/${partName}/${file}`) + lines,
      ) ?? part.mutate,
    testRunner: "in-process",
    // Only the tests that run a mutant are run for it.
    coverageAnalysis: "perTest",
    ignoreStatic: values.quick,
    incremental: true,
    force: values.all,
    incrementalFile,
    concurrency: Number(values.concurrency),
    // Generous, so that a busy machine does not count as an endless loop.
    timeoutMS: part.timeoutMs ?? 20_000,
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 30,
    // Stryker would read it with the API of TypeScript, which TypeScript 7 does not have; node runs the files as they
    // are.
    tsconfigFile: "none",
    disableTypeChecks: false,
    plugins: ["ignore-texts", "in-process", "report-survivors"].map((name) =>
      join(root, `test/mutation/${name}.ts`),
    ),
    ignorers: ["texts"],
    ignorePatterns: ["data", "dist", "reports"],
    // Some state that a mutant leaves behind is harmless, and makes later ones only slower.
    maxTestRunnerReuse: 150,
    reporters: ["progress-append-only", "json", "survivors"],
    jsonReporter: { fileName: `${report}.json` },
    allowConsoleColors: false,
  }).runMutationTest();
}

/** Stryker notes what tests contain when a run ends: it would not notice that a test was changed during the run. */
function forgetSurvivors(incrementalFile: string): void {
  if (!existsSync(incrementalFile)) return;
  const results = JSON.parse(readFileSync(incrementalFile, "utf8")) as { files: Record<string, File> };
  for (const file of Object.values(results.files))
    file.mutants = file.mutants.filter(({ status }) => !survived.has(status));
  writeFileSync(incrementalFile, JSON.stringify(results));
}

const killed = new Set(["Killed", "Timeout"]);
const survived = new Set(["Survived", "NoCoverage"]);

interface Score {
  killed: number;
  survived: number;
  ignored: number;
}

function scoreOf(mutants: Mutants): Score {
  const count = (statuses: ReadonlySet<string>) =>
    mutants.filter(({ status }) => statuses.has(status)).length;
  return { killed: count(killed), survived: count(survived), ignored: count(new Set(["Ignored"])) };
}

function percentOf({ killed, survived }: Score): number {
  return (100 * killed) / Math.max(1, killed + survived);
}

function row(name: string, score: Score): string {
  const { killed, survived, ignored } = score;
  return `| ${name} | ${killed + survived} | ${killed} | ${survived} | ${ignored} | ${percentOf(score).toFixed(1)} % |`;
}

mkdirSync(join(root, "reports/mutation"), { recursive: true });
process.chdir(root);
const rows: string[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const mutants = await run(name);
  const files = Object.groupBy(mutants, ({ fileName }) => relative(root, fileName));
  for (const [file, ofFile = []] of Object.entries(files)) rows.push(row(file, scoreOf(ofFile)));
  const score = scoreOf(mutants);
  rows.push(row(`**${name}**`, score));
  if (percentOf(score) < goal) process.exitCode = 1;
}
console.log(
  `| | mutants | killed | survived | ignored | score |\n| --- | --- | --- | --- | --- | --- |\n${rows.join("\n")}`,
);
