import type { Command } from "commander";
import { openAccount } from "../../accounts/account.ts";
import { commandLine, readGenesisFile } from "../../config/index.ts";
import type { ChainConfig, Coinbase } from "../../types/index.ts";
import { equalBytes } from "../../util/bytes.ts";
import { addExamples } from "../examples.ts";
import { loadNode } from "../node-module.ts";
import { type NodeIdOptions, passphraseFileOption, pathsOf, requiredNodeIdOption } from "../options.ts";
import { printResult, printWarning, table } from "../output.ts";
import { givenPassphrase } from "../passphrase-prompt.ts";
import { warnOfSmallSet } from "../warn-of-small-set.ts";

interface Options extends NodeIdOptions {
  config: string;
  passphraseFile?: string;
}

export function addInitCommand(command: Command): void {
  command
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
  for (const [code, message] of mistakesOf(config, coinbase, signer.publicKey))
    printWarning(options.json, code, message);
  const rows = [
    ["genesis id", genesisId],
    ["authorities", String(authorities)],
    ["accounts", String(coinbase.balances.length)],
    ["next", commandLine(`start --nodeid=${options.nodeid}`)],
    ["others", commandLine(`start --nodeid=<id> --genesis=${genesisId}`)],
    ["", "Run init on one node only: each init makes another chain, also from the same file."],
  ] as const;
  printResult(options.json, { genesisId }, table(rows));
}

/** Mistakes in a valid configuration that people would notice only when the chain does not do what they want. */
function* mistakesOf(
  { parameters, authorities }: ChainConfig,
  { balances }: Coinbase,
  account: Uint8Array,
): Iterable<[code: string, message: string]> {
  const hasCoins = parameters.blockReward > 0n || balances.some(({ balance }) => balance > 0n);
  if (!hasCoins)
    yield [
      "NO_COINS",
      "no account has coins and blocks earn none, so nobody can ever send a transfer: add balances, or a blockReward",
    ];
  if (!authorities.some((authority) => equalBytes(authority, account)))
    yield [
      "NOT_AN_AUTHORITY",
      "this node's account is no authority of the chain: it makes no blocks; start the nodes of the authorities too, with --genesis and the id of this chain",
    ];
}
