import * as z from "zod";
import { amountSchema } from "../../config/schema.ts";
import { maxCount, parseCount } from "../query.ts";
import { placedTransactionSchema } from "./transactions.ts";
import {
  addressParameter,
  addressText,
  amountText,
  blockRefSchema,
  countQuery,
  countSchema,
  timeSchema,
} from "./values.ts";

const timeForms =
  "milliseconds since the Unix epoch, or ISO 8601, such as 2026-03-31 or 2026-03-31T22:00:00Z";

/** `GET /v1/accounts/{address}`. */
export const accountSchema = z
  .object({
    address: addressText,
    balance: amountText,
    nonce: countSchema.describe("The nonce of the account's next transaction after the head."),
    pendingNonce: countSchema.describe("The nonce after the waiting transactions."),
    name: z.string().exactOptional().describe("The name that genesis gives to the address."),
  })
  .meta({
    id: "Account",
    description:
      "An account after the head. An address that no transaction has named yet has balance 0 and nonce 0.",
  });

/** `GET /v1/accounts/{address}?at=`. */
export const pastAccountSchema = z
  .object({
    address: addressText,
    balance: amountText,
    block: blockRefSchema.extend({ timestamp: timeSchema }).describe("The block after which it was so."),
    name: z.string().exactOptional().describe("The name that genesis gives to the address."),
  })
  .meta({ id: "PastAccount", description: "The balance of an account after an earlier block." });

const directionSchema = z
  .enum(["in", "out", "self"])
  .meta({ id: "Direction", description: "What the account received, what it sent, what it sent to itself." });

/** A transaction in the history of an account. */
const entrySchema = z
  .object({
    ...placedTransactionSchema.shape,
    direction: directionSchema,
    balance: amountText.describe("The account's balance after the transaction."),
  })
  .meta({ id: "HistoryEntry", description: "A transaction, and what it was to the account." });

/** `GET /v1/accounts/{address}/transactions`. */
export const historySchema = z.object({
  transactions: z.array(entrySchema),
  totals: z
    .object({
      received: amountText.describe("The amounts that came from others."),
      sent: amountText.describe("The amounts that went to others, without fees."),
      fees: amountText.describe("The fees that the account paid."),
    })
    .describe("The sums over `transactions`."),
  next: z
    .string()
    .nullable()
    .describe("The `before` of the next page, of older transactions; null at the end."),
  previous: z
    .string()
    .nullable()
    .describe("The `after` of the page before, of newer transactions; null if there are none yet."),
});

/** A time in a query: milliseconds since the Unix epoch, or ISO 8601. A date alone is its midnight in UTC. */
const timeQuery = z.string().transform((text, context) => {
  const time = parseCount(text) ?? parseTime(text);
  if (time !== undefined) return time;
  context.addIssue({ code: "custom", message: `must be ${timeForms}` });
  return z.NEVER;
});

/** A cursor `<height>-<index>`: a place in the chain. */
const cursorQuery = z.string().transform((text, context) => {
  const [height, index, ...rest] = text.split("-").map(parseCount);
  if (height !== undefined && index !== undefined && index < 2 ** 32 && rest.length === 0)
    return { height, index };
  context.addIssue({
    code: "custom",
    message: "must be the `next` or `previous` of an earlier answer, such as 120-3",
  });
  return z.NEVER;
});

/** The block of `?at=`: its height, or a time at or after which it was the newest. */
export const atQuery = z.string().transform((text, context): { height: number } | { time: number } => {
  const height = parseCount(text);
  if (height !== undefined) return { height };
  const time = parseTime(text);
  if (time !== undefined) return { time };
  context.addIssue({ code: "custom", message: "must be a height, or a time such as 2026-03-31T22:00:00Z" });
  return z.NEVER;
});

export const historyQuery = z.strictObject({
  before: cursorQuery
    .optional()
    .describe("The `next` of an earlier answer, `<height>-<index>`: older transactions."),
  after: cursorQuery
    .optional()
    .describe("The `previous` of an earlier answer, `<height>-<index>`: newer transactions."),
  limit: countQuery(1, 100).default(20).describe("The largest number of results."),
  fromHeight: countQuery(0, maxCount).optional().describe("The lowest height."),
  toHeight: countQuery(0, maxCount).optional().describe("The highest height."),
  fromTime: timeQuery.optional().describe(`The earliest time of a block: ${timeForms}.`),
  toTime: timeQuery.optional().describe(`The latest time of a block: ${timeForms}.`),
  direction: directionSchema.optional().describe("What the account received, sent, or sent to itself."),
  counterparty: addressParameter.optional().describe("The other account."),
  memo: z.string().max(256).optional().describe("A part of the memo, in letters of any case."),
  minAmount: amountSchema.optional().describe("The smallest amount, in base units."),
  maxAmount: amountSchema.optional().describe("The largest amount, in base units."),
  format: z
    .enum(["json", "csv"])
    .optional()
    .describe("`csv` is the same as `accept: text/csv`: all transactions, the oldest first."),
});

/** Milliseconds since the Unix epoch; undefined if the text is no date or time of ISO 8601 with a time zone. */
function parseTime(text: string): number | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) || time < 0 ? undefined : time;
}
