import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { latencyFigure } from "../figures/latency.ts";
import { environment, environmentLine } from "../lib/environment.ts";
import { inWorld } from "../lib/in-world.ts";
import { ccoinProgram } from "./ccoin.ts";
import { readInstallations } from "./installation.ts";
import { measureKept, measureLoad, measureLone, type Plan, type Round } from "./measure.ts";
import { openPrograms } from "./open-programs.ts";
import { comparisonPlot } from "./plot.ts";
import type { Program } from "./program.ts";
import { type Compared, comparisonTable } from "./table.ts";

const quick: Plan = { count: 2_000, warmUp: 500, idleMs: 3_000, lone: 2, kills: 1 };
const full: Plan = { count: 30_000, warmUp: 10_000, idleMs: 40_000, lone: 10, kills: 4 };
const rounds = 3;
/** Four authorities on this machine, as in docs/benchmarks.md. */
const finalSettings = { authorities: 4, periodMs: 200 };

export interface PeersOptions {
  full: boolean;
  /** The folder in which the other programs are installed. */
  programs?: string | undefined;
  /** The first words of the names of the programs; all by default. */
  only?: readonly string[] | undefined;
  /** The file to which a line of JSON is appended for each program. */
  json?: string | undefined;
  /** The folder for peers.md and peers.svg. */
  out?: string | undefined;
}

/** Compares the node with other programs on the same load, in turn, and prints a table. */
export async function runPeers({
  full: isFull,
  programs: folder,
  only,
  json,
  out,
}: PeersOptions): Promise<void> {
  if (folder === undefined) throw new Error("the other programs are installed by `npm run bench -- peers`");
  const { programs, leftOut } = openPrograms(readInstallations(folder));
  const chosen = programs.filter(({ name }) => only?.includes(name.split(" ")[0]!) ?? true);
  const plan = isFull ? full : quick;
  // The commit is that of the measured code, whatever is committed meanwhile.
  const machine = environment();
  const compared = chosen.map(({ name, does }) => ({ name, does, rounds: [] as Round[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, program] of chosen.entries()) {
      try {
        const measured = await measureRound(program, plan);
        console.error(`round ${round}, ${program.name}: ${JSON.stringify(measured)}`);
        compared[index]!.rounds.push(measured);
      } catch (error) {
        leftOut.push(`Round ${round} of ${program.name} could not be measured: ${(error as Error).message}`);
        console.error(leftOut.at(-1));
        process.exitCode = 1;
      }
    }
  }
  const text = [
    `${environmentLine(machine)}; ${rounds} rounds in turn, the median (least to greatest) of each:\n` +
      `${plan.count.toLocaleString("en")} transfers in each form after ${plan.warmUp.toLocaleString("en")} others.`,
    comparisonTable(compared),
    ...leftOut,
  ].join("\n\n");
  console.log(text);
  if (json)
    for (const each of compared) appendFileSync(json, `${JSON.stringify({ ...each, plan, ...machine })}\n`);
  if (out !== undefined) writeComparison(out, isFull, text, compared);
}

async function measureRound(program: Program, plan: Plan): Promise<Round> {
  const round = {
    ...(await inWorld((context) => measureLoad(program, context, plan))),
    ...(await inWorld((context) => measureLone(program, context, plan))),
    ...(await inWorld((context) => measureKept(program, context, plan))),
  };
  if (program !== ccoinProgram) return round;
  const final = await inWorld((context) =>
    latencyFigure.run(context, { ...finalSettings, transfers: plan.lone }),
  );
  return { ...round, finalMs: final.value };
}

function writeComparison(out: string, isFull: boolean, text: string, compared: readonly Compared[]): void {
  const command = `npm run bench -- peers${isFull ? " --full" : ""} --out docs`;
  const page = [
    "# ccoin and others",
    `Made by \`${command}\`. [Benchmarks](benchmarks.md#ccoin-and-others) says how to read it.`,
    "![ccoin and others](peers.svg)",
    text,
  ].join("\n\n");
  writeFileSync(join(out, "peers.md"), `${page}\n`);
  writeFileSync(join(out, "peers.svg"), comparisonPlot(compared));
}
