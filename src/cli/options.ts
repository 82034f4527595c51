import { InvalidArgumentError, Option } from "commander";
import { parseAmount } from "../config/amount.ts";
import { maxNodeId, nodeIdSchema } from "../config/node-id.ts";
import { defaultDataDir, type NodePaths, nodePaths } from "../config/paths.ts";
import { decodeAddress } from "../crypto/address.ts";
import { type ParameterName, parameterNames } from "../types/index.ts";
import { messageOf } from "../util/errors.ts";

/** One day; a longer time is taken for a mistake. */
const maxTimerMs = 24 * 3_600_000;

/** Options that every command knows. */
export interface GlobalOptions {
  datadir?: string;
  json?: boolean;
}

/** Returns the folder that the option names, else the one in the environment, else `./data`. */
export function dataDirOf({ datadir }: GlobalOptions): string {
  return datadir || process.env["CCOIN_DATADIR"] || defaultDataDir;
}

/** The options of a command for one node. */
export interface NodeIdOptions extends GlobalOptions {
  nodeid: number;
}

export function pathsOf(options: NodeIdOptions): NodePaths {
  return nodePaths(dataDirOf(options), options.nodeid);
}

export function nodeIdOption(description = `id of the node, 1 to ${maxNodeId}`): Option {
  return new Option("--nodeid <id>", description).env("CCOIN_NODEID").argParser(parseNodeId);
}

export function requiredNodeIdOption(): Option {
  return nodeIdOption().makeOptionMandatory();
}

export function passphraseFileOption(): Option {
  return new Option(
    "--passphrase-file <file>",
    "file with the account's passphrase; - asks for it (env CCOIN_PASSPHRASE_FILE; default: a random passphrase in a file beside the account)",
  );
}

function parseNodeId(text: string): number {
  const id = parseWholeNumber(text);
  const result = nodeIdSchema.safeParse(id);
  if (!result.success)
    throw new InvalidArgumentError(result.error.issues[0]?.message ?? "must be a node's id");
  return id;
}

/** Returns NaN, which every schema refuses, for a text that is not a whole number. */
export function parseWholeNumber(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

/** Parses a whole number for options that no schema checks later. @throws {InvalidArgumentError} */
export function requireWholeNumber(text: string): number {
  const value = parseWholeNumber(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError("must be a whole number");
  return value;
}

/** Parses a time of at least 1 ms and at most a day. @throws {InvalidArgumentError} */
export function requireMilliseconds(text: string): number {
  const value = parseWholeNumber(text);
  if (!(value >= 1 && value <= maxTimerMs))
    throw new InvalidArgumentError(`must be a whole number from 1 to ${maxTimerMs} ms`);
  return value;
}

export const amountArgument = invalidArgument(parseAmount);

/** An option for an amount in base units, by default 0, as text in the help: commander cannot print a bigint. */
export function amountOption(name: string, description: string): Option {
  return new Option(`--${name} <amount>`, description).argParser(amountArgument).default(0n, "0");
}

/** Checks an address and returns it in lower case, the form in which it is sent. */
export const addressArgument = invalidArgument((text: string) => {
  decodeAddress(text);
  return text.toLowerCase();
});

/** Parses the value of a parameter from `minFee=10`. @throws {InvalidArgumentError} */
export function parameterArgument(text: string): { parameter: ParameterName; value: bigint } {
  const [name, value = "", ...more] = text.split("=");
  const parameter = parameterNames.find((known) => known === name);
  if (!/^[0-9]{1,20}$/.test(value) || more.length > 0)
    throw new InvalidArgumentError("write <parameter>=<whole number>, such as minFee=10");
  if (!parameter)
    throw new InvalidArgumentError(
      `there is no parameter ${name}; parameters are ${parameterNames.join(", ")}`,
    );
  return { parameter, value: BigInt(value) };
}

/** Collects the values of a repeatable option that also takes a comma-separated list. */
export function collect(text: string, previous: string[] = []): string[] {
  const parts = text.split(",").map((part) => part.trim());
  return [...previous, ...parts.filter((part) => part !== "")];
}

/** Turns any error of `parse` into commander's; `nameRefusedValues` adds the name of the option or argument. */
function invalidArgument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}
