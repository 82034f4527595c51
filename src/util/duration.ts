const units: readonly [ms: number, name: string][] = [
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** A duration in the form `850 ms`, `35 s`, `9 min 30 s`, `7 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const at = ms < 120_000 ? 2 : ms < 7_200_000 ? 1 : 0;
  const [unitMs, unit] = units[at]!;
  const [lessMs, less] = units[at + 1] ?? [unitMs];
  const count = Math.round(ms / lessMs);
  const per = unitMs / lessMs;
  const rest = count % per;
  return `${Math.floor(count / per)} ${unit}${rest === 0 ? "" : ` ${rest} ${less}`}`;
}
