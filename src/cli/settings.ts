import { type Command, InvalidArgumentError, type Option } from "commander";
import * as z from "zod";
import { commandLine, readJsonFile } from "../config/index.ts";
import { printResult, table, UsageError } from "./output.ts";

/** Options that only make sense on the command line. */
const commandLineOnly = ["config", "print-config", "reset", "json", "version"];

const settingsFile = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]),
);
type Setting = z.output<typeof settingsFile>[string];

/**
 * Fills the options of a command that its command line does not have: from the environment, else from the file of
 * `--config`. The variable of `--http-port` is `CCOIN_HTTP_PORT`; `CCOIN_MDNS=false` stands for `--no-mdns`. An empty
 * variable is none.
 * @throws {UsageError} which names the variable or file
 */
export function applySettings(command: Command): void {
  const { env } = process;
  const settings = settingsOf(command);
  const configFile = command.getOptionValue("config") ?? (env["CCOIN_CONFIG"] || undefined);
  const file = configFile === undefined ? {} : readSettings(configFile, settings);
  for (const { owner, option } of settings) {
    const attribute = option.attributeName();
    if (owner.getOptionValueSource(attribute) === "cli") continue;
    const name = settingName(option);
    const variable = variableOf(option);
    const text = env[variable];
    const [source, value, from] =
      text && !isOfService(variable, text)
        ? (["env", text, variable] as const)
        : (["config", file[name], `${configFile}: ${name}`] as const);
    if (value !== undefined) owner.setOptionValueWithSource(attribute, parse(option, value, from), source);
  }
}

/** The options of the command and of the program that the environment and files may set. */
function settingsOf(command: Command): readonly { owner: Command; option: Option }[] {
  return [command.parent, command].flatMap((owner) =>
    owner
      ? owner.options
          .filter((option) => !commandLineOnly.includes(settingName(option)))
          .map((option) => ({ owner, option }))
      : [],
  );
}

/** The name of an option in files: without dashes, and without the `no-` of an option that turns something off. */
function settingName(option: Option): string {
  return option.long!.slice(2).replace(/^no-/, "");
}

function variableOf(option: Option): string {
  return `CCOIN_${settingName(option).toUpperCase().replaceAll("-", "_")}`;
}

/** The variables that Kubernetes sets in every pod for a service named ccoin…; some are named as options are. */
const ofServices = [/_SERVICE_(HOST|PORT(_\w+)?)$/, /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/];
const endpoint = /^(tcp|udp|sctp):\/\//;

/** True for `CCOIN_PORT=tcp://10.0.0.1:63262`, by which Kubernetes tells of a service named `ccoin`. */
function isOfService(name: string, value: string): boolean {
  return ofServices.some((form) => form.test(name)) || (name.endsWith("_PORT") && endpoint.test(value));
}

function readSettings(path: string, settings: readonly { option: Option }[]): Record<string, Setting> {
  const json = readJsonFile(path, "BAD_OPTIONS", "--config names a JSON file of options");
  const result = settingsFile.safeParse(json);
  if (!result.success)
    throw new UsageError(`${path}: must be an object of options, such as { "nodeid": 2, "mdns": false }`);
  const known = settings.map(({ option }) => settingName(option));
  const unknown = Object.keys(result.data).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `${path}: there is no option ${JSON.stringify(unknown)}; options are ${known.join(", ")}`,
    );
  return result.data;
}

function parse(option: Option, value: Setting, from: string): unknown {
  if (!option.required && !option.optional) return parseSwitch(value, from);
  const values = Array.isArray(value) ? value : [value];
  const { parseArg } = option;
  if (!parseArg) return values.map(String).join(",");
  try {
    return values.map(String).reduce<unknown>((previous, text) => parseArg(text, previous), undefined);
  } catch (error) {
    // The error of an option that takes part in a command line names the option itself.
    if (!(error instanceof InvalidArgumentError || error instanceof UsageError)) throw error;
    throw new UsageError(`${from}: ${error.message}`);
  }
}

function parseSwitch(value: Setting, from: string): boolean {
  if (value === true || value === "true" || value === "1") return true;
  if (value === false || value === "false" || value === "0") return false;
  throw new UsageError(`${from}: must be true or false`);
}

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

/** Variables without an option: one for longer errors, one of the systemd unit, and the name of the file of options. */
const others = ["CCOIN_DEBUG", "CCOIN_OPTIONS", "CCOIN_CONFIG"];

/**
 * Returns a line for each variable of the environment that looks like one of ccoin's, and that neither `start` nor
 * another command reads. All commands must be loaded.
 */
export function unreadVariables(start: Command): string[] {
  const known = [
    ...others,
    ...start.parent!.commands.flatMap(({ options }) => options.flatMap(({ envVar }) => envVar ?? [])),
    ...settingsOf(start).map(({ option }) => variableOf(option)),
  ];
  return Object.entries(process.env)
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
  return isClose ? `: did you mean ${closest}?` : `: see ${commandLine("start --help")}`;
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
