import type { Command } from "commander";
import { openAccount, readAccountInfo } from "../../accounts/account.ts";
import {
  type Client,
  ClientError,
  type PlacedTransaction,
  type SignedTransaction,
  type Status,
} from "../../client/index.ts";
import { maxMemoBytes } from "../../types/index.ts";
import { UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import { addNodeUrlOptions, type NodeUrlOptions, nodeClient } from "../node-client.ts";
import {
  addressArgument,
  amountArgument,
  passphraseFileOption,
  pathsOf,
  requiredNodeIdOption,
  requireWholeNumber,
} from "../options.ts";
import { printResult, printWarning, UsageError, waitingLine } from "../output.ts";
import { givenPassphrase } from "../passphrase-prompt.ts";
import { plain } from "../plain.ts";
import { amountInUnit, findAccount, namedAddress } from "../unit-text.ts";

interface Options extends NodeUrlOptions {
  to: string;
  amount: bigint;
  fee?: bigint;
  memo: string;
  nonce?: number;
  validFor?: number;
  wait?: boolean;
  passphraseFile?: string;
}

export function addSendCommand(command: Command): void {
  addNodeUrlOptions(command.addOption(requiredNodeIdOption()))
    .requiredOption("--to <address>", "receiver", addressArgument)
    .requiredOption("--amount <amount>", "amount in base units", amountArgument)
    .option(
      "--fee <amount>",
      "fee for the block's proposer (default: the least that is accepted)",
      amountArgument,
    )
    .option("--memo <text>", `text that anybody can read, at most ${maxMemoBytes} bytes`, "")
    .option("--nonce <n>", "default: the account's next", requireWholeNumber)
    .option(
      "--valid-for <blocks>",
      "number of next blocks that may hold the transfer; it is never paid later. 0: no limit (default: 100)",
      requireWholeNumber,
    )
    .option("--wait", "wait until a block includes the transfer")
    .addOption(passphraseFileOption())
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin send --nodeid=1 --to=cc1… --amount=5",
    "ccoin send --nodeid=1 --to=cc1… --amount=5 --fee=20 --memo='for lunch' --wait",
  );
}

async function run(options: Options): Promise<void> {
  const bytes = new TextEncoder().encode(options.memo).length;
  if (bytes > maxMemoBytes) {
    throw new UsageError(`--memo has ${bytes} bytes, at most ${maxMemoBytes} are allowed`);
  }
  if (options.amount === 0n)
    printWarning(options.json, "ZERO_AMOUNT", "a transfer of 0 costs its fee and pays nobody");
  const client = await nodeClient(options);
  const { transaction, status: answered } = await send(options, client);
  const node = plain(answered);
  const { id, amount, fee, to } = transaction;
  if (!options.wait) {
    printResult(options.json, { id }, id);
    return;
  }
  if (!options.json) process.stdout.write(`${id}\n`);
  const endLine = options.json ? undefined : waitingLine("waits for a block", client);
  const { status, block } = await waitFor(client, transaction).finally(endLine);
  const receiver = plain((!options.json && (await findAccount(client, to))) || { address: to });
  const paid = `${amountInUnit(amount, node)} to ${namedAddress(receiver)}, fee ${amountInUnit(fee, node)}`;
  printResult(options.json, { id, status, block }, `${status} in block ${block?.height}\npaid ${paid}`);
}

/** Codes of errors that say what has become of the transaction. */
const decided: readonly string[] = ["EVICTED", "EXPIRED", "REPLACED"];

/** Makes errors name the transaction, so that the user does not take it for one that was never sent. */
async function waitFor(client: Client, transaction: SignedTransaction): Promise<PlacedTransaction> {
  try {
    return await client.waitFor(transaction);
  } catch (error) {
    if (!(error instanceof ClientError) || decided.includes(error.code)) throw error;
    const { id } = transaction;
    const hint = `transaction ${id} was accepted; do not send it again, ask ${client.url}/v1/transactions/${id}`;
    throw new UserError(`${error.message}; ${hint}`, error.code, { cause: error });
  }
}

async function send(
  options: Options,
  client: Client,
): Promise<{ transaction: SignedTransaction; status: Status }> {
  const paths = pathsOf(options);
  // Reads the account without its passphrase, so that failures that need no key come before the slow decryption.
  const { address } = await readAccountInfo(paths);
  const status = await client.status();
  if (!status.genesisId) {
    throw new UserError(
      `the node at ${client.url} has no chain yet (mode ${status.mode}): wait until it has`,
      "NO_GENESIS",
    );
  }
  if (options.nonce === undefined) await client.account(address);
  const signer = await openAccount({ paths, ...(await givenPassphrase(options.passphraseFile, paths)) });
  const { to, amount, fee, memo, nonce, validFor } = options;
  const transaction = await client.send(signer, {
    to,
    amount,
    memo,
    ...(fee !== undefined && { fee }),
    ...(nonce !== undefined && { nonce }),
    ...(validFor !== undefined && { validFor }),
  });
  return { transaction, status };
}
