import type { Command } from "commander";
import { isOfService, settingsOf, variableOf } from "./settings.ts";

/** Variables without an option: one for longer errors, one of the systemd unit, and the name of the file of options. */
const others = ["CCOIN_DEBUG", "CCOIN_OPTIONS", "CCOIN_CONFIG"];

/**
 * Returns a line for each variable of the environment that looks like one of ccoin's, and that neither `start` nor
 * another command reads. All commands must be loaded.
 */
export function unreadVariables(start: Command, env: NodeJS.ProcessEnv = process.env): string[] {
  const known = [
    ...others,
    ...start.parent!.commands.flatMap(({ options }) => options.flatMap(({ envVar }) => envVar ?? [])),
    ...settingsOf(start).map(({ option }) => variableOf(option)),
  ];
  return Object.entries(env)
    .filter(
      ([name, value = ""]) => name.startsWith("CCOIN_") && !known.includes(name) && !isOfService(name, value),
    )
    .map(([name]) => `no option is read from ${name}${hint(name, known)}`);
}

function hint(name: string, known: readonly string[]): string {
  const [closest, edits] = known
    .map((each) => [each, distance(name, each)] as const)
    .reduce((best, each) => (each[1] < best[1] ? each : best));
  const isClose = edits <= (name.length - "CCOIN_".length) / 2;
  return isClose ? `: did you mean ${closest}?` : ": see ccoin start --help";
}

/** The number of characters to insert, delete or replace that make one text of the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, character] of [...from].entries()) {
    const next = [at + 1];
    for (const [column, other] of [...to].entries())
      next.push(
        Math.min(row[column]! + (character === other ? 0 : 1), row[column + 1]! + 1, next[column]! + 1),
      );
    row = next;
  }
  return row.at(-1)!;
}
