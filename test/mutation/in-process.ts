import { globSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { collectTests, type Suite, startTests, type Test, type VitestRunner } from "@vitest/runner";

/**
 * A test runner for Stryker: runs vitest's tests in one process that lives on from mutant to mutant. Only the files of
 * tests are loaded anew for each run, and only until a test fails, so that a mutant takes some milliseconds and not the
 * seconds that a start of vitest takes. What a mutant may leave behind in modules kills no later one: a failing test is
 * run again without the mutant, and if it still fails, the process is replaced and the mutant run again.
 */

/** The globals by which Stryker's code in the mutated files is controlled. */
interface Switches {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

interface MutantRun {
  activeMutant: { id: string };
  mutantActivation: "runtime" | "static";
  testFilter?: string[];
  hitLimit?: number;
}

interface Result {
  id: string;
  name: string;
  fileName: string;
  timeSpentMs: number;
  cpuMs: number;
  failure?: string;
}

/**
 * Ends a test that waits for what a mutant keeps from it. Every test of a part takes much less, on a busy machine too.
 */
const testTimeoutMs = Number(process.env["MUTATION_TEST_TIMEOUT_MS"]) || 20_000;

/** Tests that take more are not run for mutants: long random runs notice little that the many short ones do not. */
const maxCpuMs = 4_000;

/** The CPU time that the tests of each file took in the first run, for the processes that run the mutants. */
const timesFile = "mutation-test-times.json";

const config = {
  root: process.cwd(),
  name: "",
  setupFiles: [],
  passWithNoTests: true,
  testNamePattern: undefined,
  allowOnly: true,
  sequence: { shuffle: false, concurrent: false, seed: 1, hooks: "stack", setupFiles: "list" },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: testTimeoutMs,
  hookTimeout: testTimeoutMs,
  retry: 0,
  includeTaskLocation: false,
  diffOptions: undefined,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
  expect: { poll: { timeout: testTimeoutMs } },
  snapshotOptions: { expand: false },
};

class InProcessRunner {
  readonly #switches: Switches = {};
  #files: string[] = [];
  #runs = 0;
  readonly #loaded = new Set<string>();
  /** An error that no test waited for, of a rejected promise or a timer. */
  #stray: string | undefined;
  #isOrdered = false;
  #isSpoiled = false;

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init(): Promise<void> {
    Object.assign(globalThis, { __stryker__: this.#switches });
    const patterns = (process.env["MUTATION_TESTS"] ?? "").split(" ");
    const excluded = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
    const included = patterns.filter((pattern) => !pattern.startsWith("!"));
    const unmet = included.find((pattern) => globSync(pattern).length === 0);
    if (unmet) throw new Error(`test/mutation/parts.ts names tests that do not exist: ${unmet}`);
    this.#files = globSync(included, { exclude: excluded })
      .map((file) => `${process.cwd()}/${file}`)
      .sort();
    for (const event of ["unhandledRejection", "uncaughtException"] as const)
      process.on(event, (error: unknown) => {
        this.#stray ??= `${event}: ${error}`;
      });
    // Vitest's `expect` looks for the state of a worker.
    Object.assign(globalThis, {
      __vitest_worker__: {
        config,
        filepath: "",
        ctx: {},
        metaEnv: process.env,
        providedContext: {},
        environment: { name: "node" },
      },
    });
  }

  async dryRun() {
    // First everything is loaded: mutants that run now are static. Then each file again: what its suites run counts as
    // run by its tests.
    for (const file of this.#files) await this.#load(file);
    // The code of each mutated file keeps this object, so it is not replaced.
    this.#switches.mutantCoverage ??= { static: {}, perTest: {} };
    const coverage = this.#switches.mutantCoverage;
    const loaded = coverage.static;
    const results: Result[] = [];
    for (const file of this.#files) {
      coverage.static = {};
      const ofFile = await this.#run(file);
      for (const { id } of ofFile) coverage.perTest[id] = { ...coverage.static, ...coverage.perTest[id] };
      for (const id of Object.keys(coverage.static)) delete loaded[id];
      results.push(...ofFile);
    }
    coverage.static = loaded;
    const times: Record<string, number> = {};
    const quick = results.filter(({ cpuMs, failure }) => cpuMs <= maxCpuMs || failure !== undefined);
    for (const { fileName, cpuMs } of quick) times[fileName] = (times[fileName] ?? 0) + cpuMs;
    writeFileSync(timesFile, JSON.stringify(times));
    const kept = new Set(quick.map(({ id }) => id));
    for (const id of Object.keys(coverage.perTest)) if (!kept.has(id)) delete coverage.perTest[id];
    return {
      status: "complete",
      tests: quick.map(({ failure, cpuMs: _, ...rest }) => ({
        ...rest,
        ...(failure === undefined ? { status: 0 } : { status: 1, failureMessage: failure }),
      })),
      mutantCoverage: coverage,
    };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }: MutantRun) {
    if (this.#isSpoiled) throw new Error("the process is replaced after a test that did not end");
    if (!this.#isOrdered) this.#orderByTime();
    const filter = testFilter && new Set(testFilter);
    const files = filter
      ? this.#files.filter((file) => testFilter.some((id) => id.startsWith(`${file}#`)))
      : this.#files;
    let count = 0;
    for (const file of files) {
      const activate = () => {
        Object.assign(this.#switches, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
      };
      if (mutantActivation === "static") activate();
      else await this.#load(file);
      const results = await this.#run(file, filter, activate);
      count += results.length;
      const hitCount = this.#switches.hitCount ?? 0;
      this.#deactivate();
      const failed = results.find(({ failure }) => failure !== undefined);
      if (hitLimit !== undefined && hitCount > hitLimit) return { status: "timeout", reason: "hit limit" };
      if (!failed) continue;
      const { id, failure = "" } = failed;
      if (/timed out in/.test(failure)) {
        this.#isSpoiled = true;
        return { status: "timeout", reason: failure };
      }
      if (mutantActivation === "runtime") {
        const again = await this.#run(file, filter && new Set([id]));
        if (again.some(({ failure: still }) => still !== undefined))
          throw new Error(`${id} fails without the mutant, too: ${failure}`);
      }
      return { status: "killed", killedBy: [id], failureMessage: failure, nrOfTests: count };
    }
    return { status: "survived", nrOfTests: count };
  }

  /** The quick files first: most mutants are noticed by one of them. */
  #orderByTime(): void {
    this.#isOrdered = true;
    const times = JSON.parse(readFileSync(timesFile, "utf8")) as Record<string, number>;
    this.#files.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  }

  #deactivate(): void {
    Object.assign(this.#switches, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
  }

  /** Loads what the file imports, so that it is not loaded with a mutant. */
  async #load(file: string): Promise<void> {
    if (this.#loaded.has(file)) return;
    this.#loaded.add(file);
    const trace = (_: string, run: unknown, otherwise: unknown) =>
      ((typeof run === "function" ? run : otherwise) as () => unknown)();
    const importFile = (path: string) => import(pathToFileURL(path).href);
    const [{ result } = {}] = await collectTests([file], {
      config,
      importFile,
      trace,
    } as unknown as VitestRunner);
    if (result?.state === "fail") throw new Error(`${file}: ${result.errors?.[0]?.stack}`);
  }

  /** Runs the tests of a file up to the first that fails. A file that cannot be loaded fails as its first test. */
  async #run(file: string, filter?: ReadonlySet<string>, activate?: () => void): Promise<Result[]> {
    const { expect } = await import("vitest");
    const results: Result[] = [];
    const switches = this.#switches;
    const isStray = () => {
      const stray = this.#stray;
      this.#stray = undefined;
      return stray;
    };
    isStray();
    let hasFailed = false;
    let startedMs = 0;
    let startedCpuMs = 0;
    const runner = {
      config,
      importFile: (path: string) => {
        activate?.();
        return import(`${pathToFileURL(path).href}?run=${this.#runs++}`);
      },
      onBeforeRunTask(test: Test) {
        if (hasFailed || (filter && !filter.has(idOf(test)))) test.mode = "skip";
      },
      onBeforeTryTask(test: Test) {
        startedMs = performance.now();
        startedCpuMs = cpuMs();
        if (!activate) switches.currentTestId = idOf(test);
        expect.setState({
          assertionCalls: 0,
          isExpectingAssertions: false,
          expectedAssertionsNumber: null,
          testPath: file,
          currentTestName: test.name,
        });
      },
      onTaskFinished(test: Test) {
        switches.currentTestId = undefined;
        const [error] = test.result?.errors ?? [];
        const stray = isStray();
        const failure = test.result?.state === "fail" ? (error?.message ?? "failed") : stray;
        if (failure !== undefined) hasFailed = true;
        results.push({
          id: idOf(test),
          name: test.name,
          fileName: file,
          timeSpentMs: performance.now() - startedMs,
          cpuMs: cpuMs() - startedCpuMs,
          ...(failure !== undefined && { failure }),
        });
      },
    } as unknown as VitestRunner;
    const [suite] = await startTests([file], runner);
    if (!hasFailed && suite?.result?.state === "fail") {
      const [error] = suite.result.errors ?? [];
      const [id = `${file}#`] = filter ?? [];
      results.push({
        id,
        name: file,
        fileName: file,
        timeSpentMs: 0,
        cpuMs: 0,
        failure: error?.message ?? "not loaded",
      });
    }
    return results;
  }
}

/** CPU time of this process: the same on an idle machine and a busy one. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function idOf(test: Test): string {
  const names = [test.name];
  for (let suite: Suite | undefined = test.suite; suite; suite = suite.suite) names.unshift(suite.name);
  return `${test.file.filepath}#${names.join(" ").trim()}`;
}

export const strykerPlugins = [{ kind: "TestRunner", name: "in-process", injectableClass: InProcessRunner }];
