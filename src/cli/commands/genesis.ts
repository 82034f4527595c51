import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readAccountInfo } from "../../accounts/account.ts";
import {
  commandLine,
  defaultMinFee,
  defaultPeriodMs,
  type GenesisJson,
  maxNodeId,
  nodeIdSchema,
  nodePaths,
  parseGenesis,
} from "../../config/index.ts";
import { replaceFile } from "../../util/atomic-file.ts";
import { messageOf, UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import {
  amountArgument,
  collect,
  dataDirOf,
  type GlobalOptions,
  parseWholeNumber,
  requireWholeNumber,
} from "../options.ts";
import { printResult, withHelp } from "../output.ts";

interface Options extends GlobalOptions {
  nodeids: number[];
  period: number;
  emptyBlockPeriod?: number;
  name: string;
  symbol?: string;
  decimals?: number;
  minFee: bigint;
  out?: string;
  force?: boolean;
}

/** The options that errors name for fields of genesis.json. */
const optionNames = {
  name: "--name",
  symbol: "--symbol",
  decimals: "--decimals",
  periodMs: "--period",
  emptyBlockPeriodMs: "--empty-block-period",
};

export function addGenesisCommand(command: Command): void {
  command
    .requiredOption(
      "--nodeids <ids>",
      "nodes whose accounts are the authorities, such as 1,2,3",
      parseNodeIds,
    )
    .option("--period <ms>", "time between two blocks", requireWholeNumber, defaultPeriodMs)
    .option(
      "--empty-block-period <ms>",
      "time between two blocks while no transaction waits; 0: no empty blocks",
      requireWholeNumber,
    )
    .option("--name <name>", "name of the chain", "ccoin")
    .option("--symbol <symbol>", "symbol of the unit that people count in, for display (default: CC)")
    .option(
      "--decimals <digits>",
      "digits of that unit after the point, for display; 2: one unit is 100 base units (default: 0)",
      requireWholeNumber,
    )
    .addOption(
      new Option(
        "--min-fee <amount>",
        "the least fee of a transfer, so that filling the mempool costs something",
      )
        .argParser(amountArgument)
        .default(defaultMinFee, `${defaultMinFee}`),
    )
    .option("-o, --out <file>", "write it to this file instead of standard output")
    .option("--force", "replace the file if it exists")
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin genesis --nodeids=1,2,3,4 --period=1000 --name=classroom -o genesis.json",
    "ccoin genesis --nodeids=1",
  );
}

async function run(options: Options): Promise<void> {
  const dataDir = dataDirOf(options);
  const accounts = [];
  for (const id of options.nodeids) accounts.push(await readAccountInfo(nodePaths(dataDir, id)));
  const genesis: GenesisJson = {
    name: options.name,
    ...(options.symbol !== undefined && { symbol: options.symbol }),
    ...(options.decimals !== undefined && { decimals: options.decimals }),
    periodMs: options.period,
    minFee: options.minFee.toString(),
    ...(options.emptyBlockPeriod !== undefined && { emptyBlockPeriodMs: options.emptyBlockPeriod }),
    authorities: accounts.map((account) => account.address),
    balances: accounts
      .filter((account) => account.genesisBalance > 0n)
      .map(({ address, genesisBalance }) => ({ address, balance: genesisBalance.toString() })),
  };
  check(genesis);
  const text = JSON.stringify(genesis, null, 2);
  if (options.out === undefined) {
    printResult(options.json, genesis, text);
    return;
  }
  await write(options.out, `${text}\n`, options.force === true);
  printResult(
    options.json,
    { file: options.out, authorities: genesis.authorities },
    `wrote ${options.out}: ${accounts.length} ${accounts.length === 1 ? "authority" : "authorities"}, a block every ${options.period} ms\n` +
      `next: ${commandLine(`init -c ${options.out} --nodeid=${options.nodeids[0]}`)}`,
  );
}

function check(genesis: GenesisJson): void {
  withHelp("genesis", () => parseGenesis(genesis, undefined, optionNames));
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  if (!force && existsSync(file)) {
    throw new UserError(`${file} exists: choose another file, or replace it with --force`, "FILE_EXISTS");
  }
  try {
    // The file is not secret: others copy and read it.
    await replaceFile(file, text, { mode: 0o644 });
  } catch (error) {
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, "CANNOT_WRITE", { cause: error });
  }
}

function parseNodeIds(text: string): number[] {
  const ids = [...new Set(collect(text).map(parseWholeNumber))];
  if (ids.length === 0) throw new InvalidArgumentError("name at least one node");
  if (!ids.every((id) => nodeIdSchema.safeParse(id).success))
    throw new InvalidArgumentError(`must be whole numbers from 1 to ${maxNodeId}, separated by commas`);
  return ids;
}
