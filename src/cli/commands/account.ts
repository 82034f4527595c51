import type { Command } from "commander";
import { readAccountInfo } from "../../accounts/account.ts";
import { codeOf } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import { addNodeUrlOptions, type NodeUrlOptions, nodeClient } from "../node-client.ts";
import { addressArgument, nodeIdOption, pathsOf } from "../options.ts";
import { printResult, table } from "../output.ts";
import { plain } from "../plain.ts";
import { amountInUnit, namedAddress } from "../unit-text.ts";

export function addAccountCommand(command: Command): void {
  addNodeUrlOptions(command.addOption(nodeIdOption().default(1)))
    .argument("[address]", "default: the node's own", addressArgument)
    .action(async (address: string | undefined, _options, self: Command) =>
      run(address, self.optsWithGlobals<NodeUrlOptions>()),
    );
  addExamples(command, "ccoin account --nodeid=1", "ccoin account cc1… --json");
}

async function run(address: string | undefined, options: NodeUrlOptions): Promise<void> {
  const client = await nodeClient(options);
  const isOwn = address === undefined && options.url === undefined;
  const status = await client.status().catch((error: unknown) => {
    if (isOwn && codeOf(error) === "UNREACHABLE") return undefined;
    throw error;
  });
  if (!status)
    return printAddress((await readAccountInfo(pathsOf(options))).address, "the node does not run", options);
  if (address === undefined && !status.head)
    return printAddress(plain(status.address), "the node has no chain yet", options);
  const answer = await client.account(address ?? status.address);
  const account = plain(answer);
  const pending = account.pendingNonce - account.nonce;
  const rows = [
    ["address", namedAddress(account)],
    ["balance", amountInUnit(account.balance, plain(status))],
    ["nonce", `${account.nonce}${pending > 0 ? ` (${pending} pending)` : ""}`],
  ] as const;
  printResult(options.json, answer, table(rows));
}

/** Prints the address of an account whose balance nobody here knows. */
function printAddress(address: string, why: string, { json }: NodeUrlOptions): void {
  printResult(
    json,
    { address, balance: null },
    table([
      ["address", address],
      ["balance", `unknown: ${why}`],
    ]),
  );
}
