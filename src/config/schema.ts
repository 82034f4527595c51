import * as z from "zod";
import { decodeAddress, decodeAddressText } from "../crypto/address.ts";
import { messageOf } from "../util/errors.ts";
import { parseAmount } from "./amount.ts";
import { parameterLimits as limits } from "./parameter-limits.ts";

/** A zod check that runs `parse` and turns its error into the issue's message. */
function parsed<T>(parse: (text: string) => T, whenNotText: string) {
  return z
    .string({
      error: (issue) => (issue.input === undefined ? "is missing" : whenNotText),
    })
    .transform((text, context) => {
      try {
        return parse(text);
      } catch (error) {
        context.addIssue({ code: "custom", message: messageOf(error) });
        return z.NEVER;
      }
    });
}

const whenNoAddress = 'write an address as a string, such as "cc1…"';
const addressMeta = { description: "An address: bech32m with the prefix `cc`." };

/** A bech32m address -> its 32 bytes. */
export const addressSchema = parsed(decodeAddress, whenNoAddress).meta(addressMeta);

/**
 * Like `addressSchema`, but without the check of the key, which takes longer than all others: it is made later,
 * together with the signature.
 */
export const addressTextSchema = parsed(decodeAddressText, whenNoAddress).meta(addressMeta);

/** A decimal string -> bigint, 0 to 2^64 - 1. */
export const amountSchema = parsed(parseAmount, 'write an amount as a string, such as "120"').meta({
  description: "An amount in base units, as decimal digits: 0 to 2^64 - 1.",
});

/** A whole number within [min, max]; `unit` ends the message, such as "ms". */
export function wholeNumber(min: number, max: number, unit = "") {
  const range = `must be a whole number from ${min} to ${max}${unit && ` ${unit}`}`;
  return z
    .number({ error: range })
    .int({ error: range })
    .min(min, { error: range })
    .max(max, { error: range });
}

/** Parameters of a chain as people write them; `rules` cannot be chosen. */
export const parameterShape = {
  periodMs: wholeNumber(limits.minPeriodMs, limits.maxPeriodMs, "ms"),
  emptyBlockPeriodMs: wholeNumber(0, limits.maxPeriodMs, "ms (0: no empty blocks)"),
  maxBlockTransactions: wholeNumber(1, limits.maxBlockTransactions),
  maxBlockBytes: wholeNumber(limits.minBlockBytes, limits.maxBlockBytes, "bytes"),
  blockReward: amountSchema,
  minFee: amountSchema,
};

/** The most unknown fields that a description names, and the most of a name: a file can have any number and length. */
const shownKeys = 8;
const shownKeyLength = 64;

/**
 * One line: the place of the first issue, what is wrong there, and how many more there are. `names` maps fields to the
 * words that people know them by, such as `--port` for `p2pPort`.
 */
export function describeIssues(error: z.ZodError, names: Readonly<Record<string, string>> = {}): string {
  const [first, ...others] = error.issues;
  if (!first) return "is invalid";
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `${place(first, names)}${explain(first)}${more}`;
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    const more = issue.keys.length > shownKeys ? ", …" : "";
    const keys = issue.keys.slice(0, shownKeys).map(quoteShortened).join(", ") + more;
    return `unknown field ${keys}: remove it or correct its spelling`;
  }
  return issue.message;
}

function quoteShortened(key: string): string {
  return JSON.stringify(key.length > shownKeyLength ? `${key.slice(0, shownKeyLength)}…` : key);
}

/** `balances[1].balance: `, `--bootstrap, value 2: ` if the field has the name of an option, or "" for the whole value. */
function place(issue: z.core.$ZodIssue, names: Readonly<Record<string, string>>): string {
  const [field, ...rest] = issue.path;
  const name = names[String(field)] ?? field ?? "";
  const [index] = rest;
  if (String(name).startsWith("--") && typeof index === "number")
    return `${String(name)}, value ${index + 1}: `;
  const path = [name, ...rest]
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
  return path && `${path}: `;
}

/** The message for a value of another type; `undefined` leaves other issues their own. */
export function unlessOfType(rule: string) {
  return { error: (issue: { code?: string }) => (issue.code === "invalid_type" ? rule : undefined) };
}
