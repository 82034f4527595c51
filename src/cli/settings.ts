import { type Command, InvalidArgumentError, type Option } from "commander";
import * as z from "zod";
import { readJsonFile } from "../config/index.ts";
import { UsageError } from "./output.ts";

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
export function applySettings(command: Command, env: NodeJS.ProcessEnv = process.env): void {
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
export function settingsOf(command: Command): readonly { owner: Command; option: Option }[] {
  return [command.parent, command].flatMap((owner) =>
    owner
      ? owner.options
          .filter((option) => !commandLineOnly.includes(settingName(option)))
          .map((option) => ({ owner, option }))
      : [],
  );
}

/** The name of an option in files: without dashes, and without the `no-` of an option that turns something off. */
export function settingName(option: Option): string {
  return option.long!.slice(2).replace(/^no-/, "");
}

export function variableOf(option: Option): string {
  return `CCOIN_${settingName(option).toUpperCase().replaceAll("-", "_")}`;
}

/** The variables that Kubernetes sets in every pod for a service named ccoin…; some are named as options are. */
const ofServices = [/_SERVICE_(HOST|PORT(_\w+)?)$/, /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/];
const endpoint = /^(tcp|udp|sctp):\/\//;

/** True for `CCOIN_PORT=tcp://10.0.0.1:63262`, by which Kubernetes tells of a service named `ccoin`. */
export function isOfService(name: string, value: string): boolean {
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
