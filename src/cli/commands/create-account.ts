import type { Command } from "commander";
import { createAccount } from "../../accounts/account.ts";
import { addExamples } from "../examples.ts";
import {
  amountOption,
  type NodeIdOptions,
  passphraseFileOption,
  pathsOf,
  requiredNodeIdOption,
} from "../options.ts";
import { printResult, table } from "../output.ts";
import { givenPassphrase } from "../passphrase-prompt.ts";

interface Options extends NodeIdOptions {
  balance: bigint;
  passphraseFile?: string;
}

export function addCreateAccountCommand(command: Command): void {
  command
    .addOption(requiredNodeIdOption())
    .addOption(
      amountOption(
        "balance",
        "first balance in base units, which ccoin genesis writes into the configuration",
      ),
    )
    .addOption(passphraseFileOption())
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin create-account --nodeid=1 --balance=120",
    "ccoin create-account --nodeid=2 --passphrase-file=secret.txt --json",
  );
}

async function run(options: Options): Promise<void> {
  const paths = pathsOf(options);
  const { signer, madePassphraseFile } = await createAccount({
    paths,
    ...(await givenPassphrase(options.passphraseFile, paths)),
    genesisBalance: options.balance,
  });
  const kept = madePassphraseFile
    ? ([
        ["passphrase", `${madePassphraseFile} (random)`],
        [
          "",
          "Keep copies of both files: whoever has them can spend the coins; without them the coins are lost.",
        ],
      ] as const)
    : [];
  const rows = [
    ["address", signer.address],
    ["balance", `${options.balance} at genesis`],
    ["account", paths.account],
    ...kept,
  ] as const;
  printResult(options.json, { address: signer.address }, table(rows));
}
