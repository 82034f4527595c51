import type { Command } from "commander";
import { readAccountInfo } from "../../accounts/index.ts";
import {
  addExamples,
  addressArgument,
  clientOf,
  type GlobalOptions,
  nodeIdOption,
  pathsOf,
} from "../options.ts";
import { printResult, table } from "../output.ts";

interface Options extends GlobalOptions {
  nodeid: number;
  url?: string;
}

export function addAccountCommand(program: Command): void {
  const command = program
    .command("account")
    .description("show an account's balance and nonce")
    .argument("[address]", "default: the account of --nodeid", addressArgument)
    .addOption(nodeIdOption().default(1))
    .option("--url <url>", "of the HTTP API to ask (default: the node's on this machine)")
    .action(async (address: string | undefined, _options, self: Command) =>
      run(address, self.optsWithGlobals<Options>()),
    );
  addExamples(command, "ccoin account --nodeid=1", "ccoin account cc1… --json");
}

async function run(address: string | undefined, options: Options): Promise<void> {
  const wanted = address ?? (await readAccountInfo(pathsOf(options))).address;
  const account = await clientOf(options).account(wanted);
  const pending = account.pendingNonce - account.nonce;
  const rows = [
    ["address", account.address],
    ["balance", account.balance],
    ["nonce", `${account.nonce}${pending > 0 ? ` (${pending} pending)` : ""}`],
  ] as const;
  printResult(options.json, account, table(rows));
}
