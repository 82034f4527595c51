import { once } from "node:events";
import { type Command, Option } from "commander";
import {
  ApiError,
  type Client,
  type HistoryEntry,
  type PastAccount,
  type Status,
} from "../../client/index.ts";
import { UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import { addNodeUrlOptions, type NodeUrlOptions, nodeClient } from "../node-client.ts";
import { addressArgument, nodeIdOption } from "../options.ts";
import { printResult, styled, table, UsageError } from "../output.ts";
import { type Span, spanArgument } from "../period.ts";
import { plain, plainLines } from "../plain.ts";
import { amountInUnit, namedAddress, unitText } from "../unit-text.ts";

interface Options extends NodeUrlOptions {
  from?: Span;
  to?: Span;
  csv?: boolean;
}

export function addStatementCommand(command: Command): void {
  addNodeUrlOptions(command.addOption(nodeIdOption().default(1)))
    .argument("[address]", "default: the node's own", addressArgument)
    .addOption(
      new Option("--from <date>", "the first day, month or time (default: the beginning)").argParser(
        spanArgument,
      ),
    )
    .addOption(
      new Option("--to <date>", "the last day, month or time, all of it (default: now)").argParser(
        spanArgument,
      ),
    )
    .option("--csv", "print a table for spreadsheets, the oldest first")
    .action(async (address: string | undefined, _options, self: Command) =>
      run(address, self.optsWithGlobals<Options>()),
    );
  addExamples(
    command,
    "ccoin statement --nodeid=1",
    "ccoin statement cc1… --from=2026-03 --to=2026-03 --csv > march.csv",
    "ccoin statement cc1… --from=2026-03-01 --to=2026-03-31 --json",
  );
}

async function run(of: string | undefined, options: Options): Promise<void> {
  const { from, to, csv, json } = options;
  if (csv && json) throw new UsageError("--csv and --json exclude each other");
  const client = await nodeClient(options);
  const status = await client.status();
  const address = of ?? status.address;
  if (!status.head) throw new UserError("the node has no chain yet", "NO_GENESIS");
  // The blocks are fixed once, so that the balances belong to the transactions whatever comes meanwhile.
  const closing = await client.accountAt(address, to ? new Date(to.last) : status.head.height);
  const opening = await openingOf(client, address, from);
  const filter = { fromHeight: opening.block.height + 1, toHeight: closing.block.height };
  if (csv) return printTable(await client.historyTable(address, filter));
  const transactions: HistoryEntry[] = [];
  for await (const entry of client.wholeHistory(address, filter)) transactions.push(entry);
  const statement = {
    opening,
    closing,
    ...sumsOf(transactions, opening, closing),
    transactions: transactions.reverse(),
  };
  printResult(json, { address, ...statement }, statementText(plain(statement), plain(status)));
}

/** The balance before a period; before the first block, that of genesis. */
async function openingOf(client: Client, address: string, from: Span | undefined): Promise<PastAccount> {
  if (!from) return client.accountAt(address, 0);
  return client.accountAt(address, new Date(from.first - 1)).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === "BLOCK_NOT_FOUND") return client.accountAt(address, 0);
    throw error;
  });
}

interface Sums {
  received: string;
  sent: string;
  fees: string;
  /** The pay of the account for its blocks. */
  earned: string;
}

interface Statement extends Sums {
  opening: PastAccount;
  closing: PastAccount;
  transactions: HistoryEntry[];
}

function sumsOf(transactions: readonly HistoryEntry[], opening: PastAccount, closing: PastAccount): Sums {
  const own = opening.address;
  const sum = (some: readonly HistoryEntry[], of: "amount" | "fee") =>
    some.reduce((total, entry) => total + BigInt(entry[of]), 0n);
  const of = (direction: string) => transactions.filter((entry) => entry.direction === direction);
  const received = sum(of("in"), "amount");
  const sent = sum(of("out"), "amount");
  const fees = sum(
    transactions.filter(({ from }) => from === own),
    "fee",
  );
  const earned = BigInt(closing.balance) - BigInt(opening.balance) - received + sent + fees;
  return { received: `${received}`, sent: `${sent}`, fees: `${fees}`, earned: `${earned}` };
}

function statementText({ opening, closing, transactions, ...sums }: Statement, status: Status): string {
  const { received, sent, fees, earned } = sums;
  const balance = ({ balance: amount, block }: PastAccount) =>
    `${amountInUnit(amount, status)}  after block ${block.height}, ${timeText(block.timestamp)}`;
  const head = table([
    ["account", namedAddress(opening)],
    ["before", balance(opening)],
    ["received", amountInUnit(received, status)],
    ["sent", amountInUnit(sent, status)],
    ["fees", amountInUnit(fees, status)],
    ...(earned === "0" ? [] : ([["for blocks", amountInUnit(earned, status)]] as const)),
    ["balance", balance(closing)],
  ]);
  if (transactions.length === 0) return `${head}\n\nno transactions`;
  const rows = transactions.map(({ block, direction, from, to, amount, balance, memo, memoHex }) => [
    timeText(block!.timestamp),
    `${direction === "out" ? "-" : direction === "in" ? "+" : " "}${unitText(amount, status)}`,
    unitText(balance, status),
    direction === "self" ? "to itself" : direction === "in" ? from : to,
    (memo ?? memoHex ?? "").replace(/\s+/g, " "),
  ]);
  return `${head}\n\n${columnsText([["time", "amount", "balance", "from or to", "memo"], ...rows])}`;
}

/** Amounts are aligned to the right. */
function columnsText(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        column === 1 || column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd();
  const [head, ...others] = rows.map(line);
  return [styled("bold", head!), ...others].join("\n");
}

/** A time of this machine's time zone as `2026-03-31 18:00:05`. */
function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

async function printTable(csv: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const { stdout } = process;
  for await (const part of csv) {
    const text = decoder.decode(part, { stream: true });
    if (!stdout.write(stdout.isTTY ? plainLines(text) : text)) await once(stdout, "drain");
  }
}
