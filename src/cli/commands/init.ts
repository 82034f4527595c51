import type { Command } from "commander";
import { openAccount } from "../../accounts/index.ts";
import { readGenesisFile } from "../../config/index.ts";
import { loadNode } from "../node-module.ts";
import {
  addExamples,
  type GlobalOptions,
  passphraseFileOption,
  pathsOf,
  requiredNodeIdOption,
} from "../options.ts";
import { printResult, table, warnOfSmallSet } from "../output.ts";
import { givenPassphrase } from "../passphrase-prompt.ts";

interface Options extends GlobalOptions {
  nodeid: number;
  config: string;
  passphraseFile?: string;
}

export function addInitCommand(program: Command): void {
  const command = program
    .command("init")
    .description("make the signed genesis block in a node's database and print its id")
    .requiredOption("-c, --config <file>", "the chain's configuration (genesis.json)")
    .addOption(requiredNodeIdOption())
    .addOption(passphraseFileOption())
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(command, "ccoin init -c genesis.json --nodeid=1");
}

async function run(options: Options): Promise<void> {
  const { config, coinbase } = readGenesisFile(options.config);
  const paths = pathsOf(options);
  const signer = await openAccount({ paths, ...(await givenPassphrase(options.passphraseFile, paths)) });
  const node = await loadNode();
  const { genesisId } = await node.initGenesis({ paths, config, coinbase, signer, now: Date.now() });
  const authorities = config.authorities.length;
  warnOfSmallSet(options.json, authorities);
  const rows = [
    ["genesis id", genesisId],
    ["authorities", String(authorities)],
    ["accounts", String(coinbase.balances.length)],
    ["next", `ccoin start --nodeid=${options.nodeid}`],
  ] as const;
  printResult(options.json, { genesisId }, table(rows));
}
