import { type Result, rssMoreMb } from "./result.ts";

/** Makes the table of docs/attacks.md. `all` has the results by name, with the runs without attack. */
export function markdown(results: readonly Result[], all: ReadonlyMap<string, Result>): string {
  const columns = [
    "attack",
    "did",
    "interval, ms",
    "longest gap, ms",
    "finality behind, ms",
    "RSS more, MB",
    "status p99, ms",
    "not ready, %",
    "health refused, %",
    "lowest honest score",
    "banned (honest)",
    "shut out after, s",
    "new node in step, s",
    "transfer, s",
    "SIGTERM, s",
    "attacker's cores",
    "others' cores",
    "broken",
  ];
  const rows = results.map((result) => {
    const quiet = all.get(`quiet-${result.by}`);
    return [
      `\`${result.name}\``,
      done(result.counts),
      text(result.intervalMs),
      text(result.longestGapMs),
      text(result.finalityLagMs),
      quiet && result !== quiet ? text(rssMoreMb(result, quiet)) : `(${Math.max(...result.rssMb)} in all)`,
      text(result.statusP99Ms),
      text(result.notReadyPercent),
      text(result.notHealthyPercent),
      text(result.lowestHonestScore),
      `${result.bans} (${result.honestBans})`,
      inSeconds(result.shutOutMs),
      inSeconds(result.joinMs),
      inSeconds(result.transferMs),
      inSeconds(result.stopMs),
      text(result.attackerCpu),
      text(result.othersCpu),
      result.broken.length === 0 ? "" : result.broken.join("; "),
    ];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Lists what the attackers counted themselves. */
function done(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function text(value: number | null): string {
  return value === null ? "none" : String(value);
}

function inSeconds(ms: number | null): string {
  return ms === null ? "-" : (ms / 1_000).toFixed(1);
}
