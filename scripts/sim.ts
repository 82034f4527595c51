/**
 * Runs the simulator over many seeds. A seed determines a run, which is the same on every machine.
 * Usage: node scripts/sim.ts [--runs 10000] [--seed 1] [--only SEED] [--authorities N] [--liars NAMES] [--recovery]
 *   [--break RULE] [--jobs N] [--all]
 * Ends at the first violation with its seed and its events, and with exit code 1; `--all` continues and counts.
 * `--liars` names the only behaviours of liars (test/sim/liars), separated by commas; with `--liars none` there are no
 * liars. `--recovery` ends every run with the loss of its majority and a recovery. `--break` breaks a rule of the node
 * (test/sim/broken-rules.ts), to test that the simulator finds it.
 */
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { scriptArgs } from "../test/e2e/harness/script-args.ts";
import { breakRule } from "../test/sim/broken-rules.ts";
import type { Outcome } from "../test/sim/outcome.ts";

interface Work {
  authorities: number | undefined;
  breakRule: string | undefined;
  liars: false | string[] | undefined;
  /** True for a recovery in every run. */
  recovery: true | undefined;
}

type Result = Pick<Outcome, "seed" | "violation" | "steps" | "settledMs" | "finalizedHeight">;

if (isMainThread) process.exitCode = await main();
else await work(workerData as Work);

/** Loads the node with its rules, of which one may be broken, and returns the function that runs a seed. */
async function runner(options: Work): Promise<(seed: number, trace?: boolean) => Promise<Outcome>> {
  if (options.breakRule) breakRule(options.breakRule);
  const { simulate } = await import("../test/sim/simulation.ts");
  const { authorities, liars, recovery } = options;
  return (seed, trace = false) => simulate({ seed, authorities, liars, recovery, trace });
}

async function main(): Promise<number> {
  const { values } = scriptArgs(import.meta.filename, {
    options: {
      runs: { type: "string", default: "10000" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      authorities: { type: "string" },
      liars: { type: "string" },
      recovery: { type: "boolean" },
      break: { type: "string" },
      jobs: { type: "string", default: String(availableParallelism()) },
      all: { type: "boolean", default: false },
    },
  });
  const options = {
    authorities: values.authorities ? Number(values.authorities) : undefined,
    breakRule: values.break,
    recovery: values.recovery ? (true as const) : undefined,
    liars: values.liars === "none" ? (false as const) : values.liars?.split(","),
  };
  if (values.only) return showOne(Number(values.only), options);
  const first = Number(values.seed);
  return runMany(first, first + Number(values.runs), {
    ...options,
    jobs: Number(values.jobs),
    all: values.all,
  });
}

/** The comment at the head of this file. */
async function runMany(
  first: number,
  end: number,
  options: Work & { jobs: number; all: boolean },
): Promise<number> {
  const startedAtMs = Date.now();
  const violations: Result[] = [];
  let runs = 0;
  let steps = 0;
  const recoveriesMs: number[] = [];
  let slowest: Result | undefined;
  let next = first;
  const line = () => {
    const seconds = (Date.now() - startedAtMs) / 1000;
    const rate = `${(runs / seconds).toFixed(1)} runs/s, ${Math.round(steps / seconds)} events/s`;
    return `${runs} runs, ${violations.length} violations, recovery ${quantiles(recoveriesMs)} (seed ${slowest?.seed}), ${rate}`;
  };
  const note = (result: Result) => {
    runs++;
    steps += result.steps;
    recoveriesMs.push(result.settledMs);
    if (result.settledMs > (slowest?.settledMs ?? 0)) slowest = result;
    if (!result.violation) return;
    violations.push(result);
    console.log(`seed ${result.seed}: ${result.violation.detail}`);
  };
  const isDue = () => next < end && (options.all || violations.length === 0);
  const loop = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: options });
      const give = () => {
        if (isDue()) return worker.postMessage(next++);
        // All its runs are done, and the process ends with the last worker.
        void worker.terminate();
        resolve();
      };
      worker.on("error", reject);
      worker.on("message", (result: Result) => {
        note(result);
        give();
      });
      give();
    });
  const timer = setInterval(() => console.error(line()), 10_000);
  if (options.jobs === 1) {
    // In this thread and with a trace, so that a violation is shown without another load of the node and another run.
    const run = await runner(options);
    while (isDue()) {
      const outcome = await run(next++, true);
      note(outcome);
      if (outcome.violation && !options.all) {
        clearInterval(timer);
        console.log(line());
        return show(outcome);
      }
    }
  } else {
    await Promise.all(Array.from({ length: options.jobs }, loop));
  }
  clearInterval(timer);
  console.log(line());
  violations.sort((a, b) => a.seed - b.seed);
  if (violations[0] && !options.all) return showOne(violations[0].seed, options);
  return violations.length > 0 ? 1 : 0;
}

function quantiles(timesMs: readonly number[]): string {
  const ascending = [...timesMs].sort((a, b) => a - b);
  const at = (share: number) =>
    `${((ascending[Math.ceil(share * ascending.length) - 1] ?? 0) / 1000).toFixed(1)} s`;
  return `median ${at(0.5)}, 99 % ${at(0.99)}, slowest ${at(1)}`;
}

async function showOne(seed: number, options: Work): Promise<number> {
  return show(await (await runner(options))(seed, true));
}

function show({ trace, scenario, violation, ...rest }: Outcome): number {
  const { seed } = rest;
  console.log(trace.slice(-400).join("\n"));
  console.log(scenario);
  console.log(rest);
  console.log(violation ? `VIOLATION with seed ${seed}: ${violation.detail}` : `seed ${seed}: no violation`);
  return violation ? 1 : 0;
}

async function work(options: Work): Promise<void> {
  const run = await runner(options);
  parentPort?.on("message", async (given: number) => {
    const { seed, violation, steps, settledMs, finalizedHeight } = await run(given);
    parentPort?.postMessage({ seed, violation, steps, settledMs, finalizedHeight } satisfies Result);
  });
}
