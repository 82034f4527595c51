import { round } from "../lib/result-line.ts";
import { median } from "../lib/statistics.ts";
import { lateKillMs, type Round } from "./measure.ts";
import type { Does, Form } from "./program.ts";

/** All rounds of a program. */
export interface Compared {
  name: string;
  does: Does;
  rounds: readonly Round[];
}

/** A measurement of a round; undefined where there is none. */
type Read = (round: Round) => number | undefined;

export interface Row {
  name: string;
  unit: string;
  /** True if a greater number is better. */
  moreIsBetter: boolean;
  read: Read;
}

const rate = (form: Form) => (measured: Round) => measured.rates[form]?.perSecond;
const cpu = (form: Form) => (measured: Round) => measured.rates[form]?.cpuMs;

/** The rows that are numbers, which are also the panels of the plot. */
export const rows: readonly Row[] = [
  { name: "single posts", unit: "transfers/s", moreIsBetter: true, read: rate("single") },
  { name: "lists of 100 in JSON", unit: "transfers/s", moreIsBetter: true, read: rate("batch") },
  { name: "lists of 1,000 in SSZ", unit: "transfers/s", moreIsBetter: true, read: rate("binary") },
  { name: "CPU of a single post", unit: "ms", moreIsBetter: false, read: cpu("single") },
  { name: "CPU of a transfer in a list of 100", unit: "ms", moreIsBetter: false, read: cpu("batch") },
  { name: "start to the first answer", unit: "ms", moreIsBetter: false, read: ({ startMs }) => startMs },
  {
    name: "memory when idle",
    unit: "MB",
    moreIsBetter: false,
    read: ({ idleMemoryBytes }) => idleMemoryBytes / 1e6,
  },
  { name: "a lone transfer until its block", unit: "ms", moreIsBetter: false, read: ({ loneMs }) => loneMs },
  {
    name: "a lone transfer until it is final on four nodes",
    unit: "ms",
    moreIsBetter: false,
    read: ({ finalMs }) => finalMs,
  },
];

/** Returns the median over the rounds; undefined if it was not measured. */
export function middle({ rounds }: Compared, { read }: Row): number | undefined {
  const values = valuesOf(rounds, read);
  return values.length > 0 ? median(values) : undefined;
}

/** Makes a Markdown table with a column for each program: the medians, the least and greatest, and what it does. */
export function comparisonTable(programs: readonly Compared[]): string {
  const head = ["", ...programs.map(({ name }) => name)];
  const numbers = rows.map((row) => [`${row.name}, ${row.unit}`, ...programs.map((each) => cell(each, row))]);
  const kept = (read: (round: Round) => number) => programs.map(({ rounds }) => keptCell(rounds, read));
  const words = (name: string, key: keyof Does) => [name, ...programs.map(({ does }) => does[key])];
  return [
    head,
    head.map(() => "---"),
    ...numbers,
    ["transfers kept: `kill -9` at once after the answer", ...kept(({ keptAtOnce }) => keptAtOnce)],
    [`transfers kept: ${lateKillMs / 1_000} s after it`, ...kept(({ keptLater }) => keptLater)],
    words("an answered transfer is", "answer"),
    words("final", "finality"),
    words("work for a transfer", "work"),
    words("run with", "mode"),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function cell(program: Compared, row: Row): string {
  const value = middle(program, row);
  if (value === undefined) return "–";
  const values = valuesOf(program.rounds, row.read);
  return `${shown(value)} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`;
}

function keptCell(rounds: readonly Round[], read: (round: Round) => number): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, each) => total + of(each), 0);
  return `${sum(read)} of ${sum(({ kills }) => kills)}`;
}

export function shown(value: number): string {
  return round(value).toLocaleString("en", { maximumFractionDigits: 6 });
}

function valuesOf(rounds: readonly Round[], read: Read): number[] {
  return rounds.map(read).filter((value) => value !== undefined);
}
