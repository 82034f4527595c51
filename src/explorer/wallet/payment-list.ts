import { readUnits } from "../parts/amount.tsx";
import { recipient } from "./recipient.ts";

export const maxMemoBytes = 256;
/** The most transactions that the node takes in one request. */
export const maxPayments = 1000;

/** A line of a list of payments. */
export interface ListedPayment {
  line: number;
  /** The receiver as it is typed; `to` is its address, if it has one. */
  typed: string;
  to: string | undefined;
  amount: bigint | undefined;
  memo: string;
  /** An error, which prevents the list from being sent. */
  problem: string | undefined;
  /** A warning about something unusual. */
  warning: string | undefined;
}

/**
 * Reads a list of payments, a line each: receiver, amount in the chain's unit, memo, separated by tabs, semicolons or
 * commas, quoted as in RFC 4180. Empty lines and a line of headings at the top are left out.
 */
export function readPayments(text: string): ListedPayment[] {
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((text, index) => ({ line: index + 1, text }))
    .filter(({ text }) => text.trim() !== "");
  const separator = separatorOf(lines[0]?.text ?? "");
  const rows = lines.map(({ line, text }) => ({
    line,
    fields: fieldsOf(text, separator).map((field) => field.trim()),
  }));
  if (rows[0] && isHeading(rows[0].fields)) rows.shift();
  const payments = rows.map(({ line, fields }) => readPayment(line, fields));
  const seen = new Map<string, number>();
  for (const payment of payments) {
    const name = [payment.to ?? payment.typed, payment.amount, payment.memo].join("\n");
    const earlier = seen.get(name);
    if (earlier !== undefined) payment.warning = `the same as line ${earlier}`;
    else seen.set(name, payment.line);
  }
  return payments;
}

function readPayment(
  line: number,
  [typed = "", amountText = "", memo = "", ...more]: string[],
): ListedPayment {
  const problems: string[] = [];
  const tried = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push((error as Error).message);
      return undefined;
    }
  };
  const to = tried(() => recipient(typed));
  const amount = tried(() => readUnits(amountText));
  if (more.some((field) => field !== ""))
    problems.push("There are more than three fields: put a memo with separators in quotes.");
  if (new TextEncoder().encode(memo).length > maxMemoBytes)
    problems.push(`A memo has at most ${maxMemoBytes} bytes.`);
  const warning = amount === 0n ? "the amount is 0" : undefined;
  return { line, typed, to, amount, memo, problem: problems.join(" ") || undefined, warning };
}

/** True for a line such as `to,amount,memo`. */
function isHeading([, amount = ""]: string[]): boolean {
  return /^[a-z ]+$/i.test(amount);
}

function separatorOf(line: string): string {
  return ["\t", ";"].find((each) => line.includes(each)) ?? ",";
}

/** Splits a line at its separators outside quotes. */
function fieldsOf(line: string, separator: string): string[] {
  const fields = [""];
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === '"' && isQuoted && line[at + 1] === '"') {
      fields[fields.length - 1] += letter;
      at++;
    } else if (letter === '"' && (isQuoted || fields.at(-1)!.trim() === "")) isQuoted = !isQuoted;
    else if (letter === separator && !isQuoted) fields.push("");
    else fields[fields.length - 1] += letter;
  }
  return fields;
}
