/**
 * Attacks networks of four authorities, which are real processes on separate machines, in every way of `test/attacks`,
 * alone and five at once, and compares with a run without attack. Prints one line of JSON for each run; exits with 1 if
 * a promise was broken. With `--out` the lines are also written to a file, and runs that it already has are not
 * repeated.
 * Usage: npm run attacks -- [--only status-lies,iwant-flood] [--seconds 60] [--out attacks.jsonl] [--markdown]
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Adversary, Attack } from "../test/attacks/attack.ts";
import { attacks, mixes } from "../test/attacks/attacks.ts";
import { measure } from "../test/attacks/measure/measure.ts";
import { AttackNetwork } from "../test/attacks/measure/network.ts";
import type { Result } from "../test/attacks/measure/result.ts";
import { markdown } from "../test/attacks/measure/table.ts";
import { closeOnSignal, openWorld } from "../test/e2e/harness/open-world.ts";
import { scriptArgs } from "../test/e2e/harness/script-args.ts";

const { values } = scriptArgs(import.meta.filename, {
  options: {
    only: { type: "string" },
    seconds: { type: "string", default: "60" },
    out: { type: "string" },
    markdown: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
/** Time for the start, the stop and the requests before and after. */
const besideSeconds = 12;

interface Run {
  name: string;
  by: Adversary;
  attacks: readonly Attack[];
}

const runs = (["stranger", "coalition"] as const).flatMap((by): Run[] => [
  { name: `quiet-${by}`, by, attacks: [] },
  ...attacks
    .filter((attack) => attack.by === by)
    .map((attack) => ({ name: attack.name, by, attacks: [attack] })),
  ...mixes.flatMap((mix) => (mix.by === by ? [mix] : [])),
]);
const only = values.only?.split(",");
const unknown = only?.filter((name) => !runs.some((run) => run.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`there is no ${unknown.join(", ")}; there are ${runs.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const results = new Map<string, Result>(
  values.out && existsSync(values.out) ? readFileSync(values.out, "utf8").trim().split("\n").map(parse) : [],
);
const wanted = runs.filter(({ name }) => !only || only.includes(name));
// Each attack is compared with a run without attack.
const needed = runs.filter(({ name, by, attacks: of }) => {
  return of.length === 0 ? wanted.some((run) => run.by === by) : wanted.some((run) => run.name === name);
});
const chosen = needed.filter(({ name }) => !results.has(name));
const minutes = (chosen.length * (seconds + besideSeconds)) / 60;
if (chosen.length > 0) console.error(`${chosen.length} runs, about ${minutes.toFixed(0)} minutes`);
for (const by of ["stranger", "coalition"] as const) {
  const part = chosen.filter((run) => run.by === by);
  if (part.length > 0) await runAll(part);
}
if (values.markdown)
  console.log(
    markdown(
      runs.flatMap(({ name }) => results.get(name) ?? []),
      results,
    ),
  );
process.exit([...results.values()].some(({ broken }) => broken.length > 0) ? 1 : 0);

/** Runs attacks on one network as long as it recovers after each, otherwise on a new one. */
async function runAll(part: readonly Run[]): Promise<void> {
  let left = [...part];
  while (left.length > 0) {
    const { world, close } = openWorld();
    closeOnSignal(close);
    try {
      const network = await AttackNetwork.open(world, left[0]!.by);
      while (left.length > 0) {
        const [run, ...others] = left as [Run, ...Run[]];
        left = others;
        const quiet = results.get(`quiet-${run.by}`);
        const result = await measure(network, { ...run, seconds, quiet });
        results.set(run.name, result);
        const line = JSON.stringify(result);
        console.log(line);
        if (values.out) appendFileSync(values.out, `${line}\n`);
        if (left.length > 0) await network.recovered(result);
      }
    } catch (error) {
      console.error("a new network:", error);
    } finally {
      await close(false);
    }
  }
}

function parse(line: string): [string, Result] {
  const result = JSON.parse(line) as Result;
  return [result.name, result];
}
