import type { Command } from "commander";
import { printResult, table } from "./output.ts";
import { settingName, settingsOf } from "./settings.ts";

const sources: Readonly<Record<string, string>> = {
  cli: "command line",
  env: "environment",
  config: "file",
};

/**
 * Prints the options that a node would run with, and where each is from; with `json` as a file for `--config`.
 * @param defaults what the options of these names are if they are not given
 */
export function printConfig(command: Command, defaults: ReadonlyMap<string, unknown>, json: boolean): void {
  const settings = settingsOf(command).map(({ owner, option }) => {
    const attribute = option.attributeName();
    const name = settingName(option);
    const source = owner.getOptionValueSource(attribute) ?? "default";
    return { name, source, value: (owner.getOptionValue(attribute) as unknown) ?? defaults.get(name) };
  });
  const known = settings.filter(({ value }) => value !== undefined);
  printResult(
    json,
    Object.fromEntries(known.map(({ name, value }) => [name, value])),
    table(known.map(({ name, value, source }) => [name, `${shown(value)}  (${sources[source] ?? source})`])),
  );
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(",") || "none" : String(value);
}
