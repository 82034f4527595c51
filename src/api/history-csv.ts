import { isUtf8 } from "node:buffer";
import type { HistoryRow } from "../chain/history-reader.ts";
import { encodeAddress } from "../crypto/address.ts";
import { textOf, toHex } from "../util/bytes.ts";
import { directions } from "./history-filter.ts";

/** The facts of the chain that a statement needs. */
export interface CsvChain {
  /** Digits after the point of an amount in the chain's unit. */
  decimals: number;
  finalizedHeight: number;
  nameOf(address: Uint8Array): string | undefined;
}

const columns = [
  ...["time", "direction", "counterparty", "name", "amount", "fee", "balance"],
  ...["memo", "status", "height", "index", "id"],
];

/** The first line. Excel reads the rest as UTF-8 only because of the byte order mark. */
export const csvHead = `\uFEFF${columns.join(",")}\r\n`;

/** The lines of transactions (RFC 4180). Amounts are in the chain's unit; those that were sent are negative. */
export function csvLines(rows: readonly HistoryRow[], chain: CsvChain): string {
  return rows.map((row) => `${cells(row, chain).join(",")}\r\n`).join("");
}

function cells({ entry, record, block }: HistoryRow, chain: CsvChain): string[] {
  const { from, to, memo } = record.transaction.message;
  const other = entry.kind === "received" ? from : to;
  const sign = entry.kind === "sent" && entry.amount > 0n ? "-" : "";
  return [
    new Date(block.timestamp).toISOString(),
    directions[entry.kind],
    encodeAddress(other),
    textCell(chain.nameOf(other) ?? ""),
    sign + decimalText(entry.amount, chain.decimals),
    decimalText(entry.fee, chain.decimals),
    decimalText(entry.balance, chain.decimals),
    textCell(isUtf8(memo) ? textOf(memo) : toHex(memo)),
    block.height <= chain.finalizedHeight ? "finalized" : "included",
    String(block.height),
    String(entry.index),
    record.idHex,
  ];
}

/** An amount in the chain's unit, exact and without its symbol. */
function decimalText(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * A text that somebody else wrote. A spreadsheet would run it as a formula if it began with one of these characters.
 */
export function textCell(text: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
