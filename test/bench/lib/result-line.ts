import type { Figure, Goal, Measured, Settings } from "../figure.ts";

/** The measured machine and code. */
export interface Environment {
  version: string;
  commit: string;
  node: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  kernel: string;
}

export interface Result {
  figure: string;
  settings: Settings;
  measured: Measured;
  goals: readonly Goal[];
  /** All runs; `measured` is the middle one. */
  runs: readonly Measured[];
}

/** Rounds to three significant digits, but keeps all digits of a whole number. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

export function ratioOf({ value, limit }: Measured): number | undefined {
  return limit && value / limit.value;
}

/** Returns the value that the goal is about; undefined if it was not measured. */
export function valueFor({ of }: Goal, measured: Measured): number | undefined {
  if (of === "ratio") return ratioOf(measured);
  return of === "value" ? measured.value : measured.details?.[of];
}

export function isMet(goal: Goal, measured: Measured): boolean {
  const value = valueFor(goal, measured);
  if (value === undefined) return false;
  if (goal.is === ">=") return value >= goal.bound;
  return goal.is === "<" ? value < goal.bound : value <= goal.bound;
}

/** Formats a result as one line of JSON with all that a comparison with another run needs. */
export function jsonLine(
  { figure, settings, measured, goals, runs }: Result,
  environment: Environment,
): string {
  const { value, unit, limit, details = {}, ...usage } = measured;
  return JSON.stringify({
    figure,
    settings,
    runs: runs.length,
    value: round(value),
    unit,
    ...(limit && { ratio: round(value / limit.value), limit: { ...limit, value: round(limit.value) } }),
    ...mapNumbers(usage as Record<string, number>),
    details: mapNumbers(details),
    goals: goals.map((goal) => ({ ...goal, met: isMet(goal, measured) })),
    ...environment,
  });
}

/** Formats a result in two to three lines for people. */
export function textLines({ figure, settings, measured, goals }: Result): string {
  const { value, unit, limit, cpuSeconds, details = {} } = measured;
  const { loadCpuSeconds, otherCpuSeconds, peakMemoryBytes } = measured;
  const main = [
    `${figure} ${pairs(settings)}`.trimEnd(),
    `${round(value)} ${unit}`,
    ...(limit ? [`${round(value / limit.value)} of ${round(limit.value)} ${limit.what}`] : []),
  ];
  const usage = [
    ...(cpuSeconds === undefined ? [] : [`CPU ${round(cpuSeconds)} s`]),
    ...(loadCpuSeconds === undefined ? [] : [`load ${round(loadCpuSeconds)} s`]),
    ...(otherCpuSeconds === undefined ? [] : [`others ${round(otherCpuSeconds)} s`]),
    ...(peakMemoryBytes === undefined ? [] : [`peak ${round(peakMemoryBytes / 1e6)} MB`]),
    ...Object.entries(details).map(([name, number]) => `${name} ${round(number)}`),
  ];
  const met = goals.map((goal) => `goal ${goal.of} ${goal.is} ${goal.bound}: ${goalText(goal, measured)}`);
  return [
    main.join("  "),
    ...(usage.length > 0 ? [`    ${usage.join(", ")}`] : []),
    ...met.map((text) => `    ${text}`),
  ].join("\n");
}

function goalText(goal: Goal, measured: Measured): string {
  const value = valueFor(goal, measured);
  if (value === undefined) return "not measured";
  return `${isMet(goal, measured) ? "met" : "NOT met"} (${round(value)})`;
}

export function pairs(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function mapNumbers(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, round(value)]));
}

/**
 * Selects figures by name; `submit` selects `submit` and all that begin with `submit-`. @throws {Error} for an unknown
 * name
 */
export function selectFigures(figures: readonly Figure[], only: readonly string[]): Figure[] {
  const fits = (figure: Figure, name: string) => figure.name === name || figure.name.startsWith(`${name}-`);
  const unknown = only.find((name) => !figures.some((figure) => fits(figure, name)));
  if (unknown !== undefined) {
    throw new Error(`no figure ${unknown}; there are ${figures.map(({ name }) => name).join(", ")}`);
  }
  return figures.filter((figure) => only.length === 0 || only.some((name) => fits(figure, name)));
}
