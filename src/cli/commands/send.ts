import type { Command } from "commander";
import { openAccount, readAccountInfo } from "../../accounts/index.ts";
import { decodeAddress } from "../../crypto/address.ts";
import { computeDomain, maxMemoBytes, transactionRecord } from "../../types/index.ts";
import { fromHex, type Hex, toHex } from "../../util/bytes.ts";
import { sleep, systemClock } from "../../util/clock.ts";
import { UserError } from "../../util/errors.ts";
import { type ApiClient, ApiError, createClient } from "../http-client.ts";
import {
  addExamples,
  addressArgument,
  amountArgument,
  amountOption,
  type GlobalOptions,
  passphraseFileOption,
  pathsOf,
  requiredNodeIdOption,
  requireWholeNumber,
} from "../options.ts";
import { printResult, UsageError } from "../output.ts";
import { fetchAccount } from "./account.ts";
import type { StatusAnswer } from "./status.ts";

/** The first is as fast as the fastest chain makes blocks; a slow one is asked less and less often. */
const minPollMs = 100;
const maxPollMs = 2_000;
/** A transaction that was accepted and is unknown for so long has been evicted or replaced. */
const lostAfterMs = 5_000;

interface Options extends GlobalOptions {
  nodeid: number;
  to: string;
  amount: bigint;
  fee: bigint;
  memo: string;
  nonce?: number;
  url?: string;
  wait?: boolean;
  passphraseFile?: string;
}

/** `GET /v1/transactions/{id}`. */
interface TransactionAnswer {
  status: "pending" | "included" | "finalized";
  block?: { height: number; id: Hex } | null;
}

export function addSendCommand(program: Command): void {
  const command = program
    .command("send")
    .description("transfer an amount from a node's account and print the transaction's id")
    .addOption(requiredNodeIdOption())
    .requiredOption("--to <address>", "who receives it", addressArgument)
    .requiredOption("--amount <amount>", "in base units", amountArgument)
    .addOption(amountOption("fee", "for the block's proposer"))
    .option("--memo <text>", `at most ${maxMemoBytes} bytes`, "")
    .option("--nonce <n>", "default: the account's next", requireWholeNumber)
    .option("--url <url>", "of the HTTP API to use (default: the node's on this machine)")
    .option("--wait", "until a block includes it")
    .addOption(passphraseFileOption())
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin send --nodeid=1 --to=cc1… --amount=5",
    "ccoin send --nodeid=1 --to=cc1… --amount=5 --fee=1 --memo='for lunch' --wait",
  );
}

async function run(options: Options): Promise<void> {
  const memo = new TextEncoder().encode(options.memo);
  if (memo.length > maxMemoBytes) {
    throw new UsageError(`--memo has ${memo.length} bytes, at most ${maxMemoBytes} are allowed`);
  }
  const client = createClient(options.url, options.nodeid);
  const { id, body } = await signTransfer(options, memo, client);
  await submit(client, id, body);
  if (!options.wait) {
    printResult(options.json, { id }, id);
    return;
  }
  if (!options.json) process.stdout.write(`${id}\n`);
  const { status, block } = await waitUntilIncluded(client, id);
  printResult(options.json, { id, status, block }, `${status} in block ${block?.height}`);
}

async function signTransfer(options: Options, memo: Uint8Array, client: ApiClient) {
  const paths = pathsOf(options);
  // Without the passphrase, so that what needs no key fails before the slow decryption.
  const { address, publicKey } = await readAccountInfo(paths);
  const { genesisId, mode } = await client.get<StatusAnswer>("/v1/status");
  if (!genesisId) {
    throw new UserError(
      `the node at ${client.url} has no chain yet (mode ${mode}): wait until it has`,
      "NO_GENESIS",
    );
  }
  const nonce = options.nonce ?? (await fetchAccount(client, address)).pendingNonce;
  const signer = await openAccount({ paths, passphraseFile: options.passphraseFile });
  const message = {
    from: publicKey,
    to: decodeAddress(options.to),
    amount: options.amount,
    fee: options.fee,
    nonce,
    memo,
  };
  const domain = computeDomain("transaction", fromHex(genesisId));
  const unsigned = transactionRecord({ message, signature: new Uint8Array(64) }, domain);
  const signature = await signer.sign(unsigned.signingRoot);
  return {
    id: transactionRecord({ message, signature }, domain).idHex,
    body: {
      from: address,
      to: options.to,
      amount: options.amount.toString(),
      fee: options.fee.toString(),
      nonce,
      memo: options.memo,
      signature: toHex(signature),
    },
  };
}

async function submit(client: ApiClient, id: Hex, body: object): Promise<void> {
  try {
    await client.post("/v1/transactions", body);
  } catch (error) {
    if (error instanceof ApiError || !(error instanceof UserError)) throw error;
    // It may have arrived: sending it again would be another transfer.
    const hint = `before sending again, see whether ${client.url}/v1/transactions/${id} knows it`;
    throw new UserError(`${error.message}; ${hint}`, error.code, { cause: error });
  }
}

async function waitUntilIncluded(client: ApiClient, id: Hex): Promise<TransactionAnswer> {
  let knownAt = systemClock.now();
  for (let pollMs = minPollMs; ; pollMs = Math.min(pollMs * 1.1, maxPollMs)) {
    try {
      const answer = await client.get<TransactionAnswer>(`/v1/transactions/${id}`);
      if (answer.status !== "pending") return answer;
      knownAt = systemClock.now();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      if (systemClock.now() - knownAt > lostAfterMs) {
        throw new UserError(
          `the node no longer knows transaction ${id}: it was evicted; send it again`,
          "EVICTED",
        );
      }
    }
    await sleep(systemClock, pollMs);
  }
}
