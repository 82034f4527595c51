import type { Command } from "commander";
import { addExamples, addressArgument, clientOf, type GlobalOptions, nodeIdOption } from "../options.ts";
import { printResult, table } from "../output.ts";
import { amountText, namedAddress } from "../unit-text.ts";

interface Options extends GlobalOptions {
  nodeid: number;
  url?: string;
}

export function addAccountCommand(program: Command): void {
  const command = program
    .command("account")
    .description("show an account's balance and nonce")
    .argument("[address]", "default: the node's own", addressArgument)
    .addOption(nodeIdOption().default(1))
    .option("--url <url>", "HTTP API to ask (default: the node on this machine)")
    .action(async (address: string | undefined, _options, self: Command) =>
      run(address, self.optsWithGlobals<Options>()),
    );
  addExamples(command, "ccoin account --nodeid=1", "ccoin account cc1… --json");
}

async function run(address: string | undefined, options: Options): Promise<void> {
  const client = clientOf(options);
  const status = await client.status();
  const account = await client.account(address ?? status.address);
  const pending = account.pendingNonce - account.nonce;
  const rows = [
    ["address", namedAddress(account)],
    ["balance", amountText(account.balance, status)],
    ["nonce", `${account.nonce}${pending > 0 ? ` (${pending} pending)` : ""}`],
  ] as const;
  printResult(options.json, account, table(rows));
}
