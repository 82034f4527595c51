import { isUtf8 } from "node:buffer";
import * as z from "zod";
import {
  addressTextSchema,
  amountSchema,
  describeIssues,
  unlessOfType,
  wholeNumber,
} from "../config/schema.ts";
import { maxMemoBytes, Transaction } from "../types/index.ts";
import { fromHex, type Hex } from "../util/bytes.ts";
import { lineOf } from "../util/errors.ts";
import { countValues } from "./json-values.ts";
import { encodePlain } from "./plain-transaction.ts";
import { ProblemError } from "./problem.ts";

/** The longest JSON list; an SSZ list is limited by its bytes. */
export const maxJsonTransactions = 1000;
/**
 * The most values in a JSON body: a transaction has 9 members, and the rest is for mistakes that are then named. To
 * parse 4 MiB takes at most 30 ms with so few values, and half a second without this bound.
 */
const maxJsonValues = 16 * maxJsonTransactions;

const encoder = new TextEncoder();
const noMemo = new Uint8Array();

/** The reason for which an input is no transaction for this chain. */
export interface InputRefusal {
  code: "MALFORMED" | "WRONG_CHAIN";
  detail: string;
}

/** `bytes` as `0x` and hex. */
function hexSchema(bytes: number) {
  const rule = `must be 0x and ${bytes * 2} hex digits`;
  return z
    .string({ error: (issue) => (issue.input === undefined ? "is missing" : rule) })
    .regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`), { error: rule });
}

const memoRule = `must be a text of at most ${maxMemoBytes} bytes in UTF-8`;
const memoSchema = z
  .string({ error: memoRule })
  // A lone surrogate would be replaced when it is encoded, and the signature would no longer match.
  .refine((text) => text.isWellFormed(), { error: memoRule })
  .transform((text) => (text === "" ? noMemo : encoder.encode(text)))
  .refine((memo) => memo.length <= maxMemoBytes, { error: memoRule });

/** The JSON form of a transaction. */
export const transactionInputSchema = z.strictObject(
  {
    from: addressTextSchema,
    to: addressTextSchema,
    amount: amountSchema,
    fee: amountSchema.prefault("0"),
    nonce: wholeNumber(0, Number.MAX_SAFE_INTEGER - 1).describe("The `pendingNonce` of the account."),
    validUntil: wholeNumber(0, Number.MAX_SAFE_INTEGER)
      .prefault(0)
      .describe("The last height whose block may hold it; 0 for no limit."),
    memo: memoSchema.prefault("").describe("At most 256 bytes in UTF-8."),
    signature: hexSchema(64).describe("An Ed25519 signature of the transfer's signing root."),
    genesisId: hexSchema(32).optional().describe("The genesis id of the chain that the transfer is for."),
  },
  unlessOfType("a transaction is an object {from, to, amount, nonce, …}"),
);

/** @throws {ProblemError} `MALFORMED` */
export function parseJson(body: Buffer): unknown {
  // Fewer bytes have fewer values.
  if (body.length >= maxJsonValues && countValues(body, maxJsonValues) > maxJsonValues) {
    const detail = `the body has more than ${maxJsonValues} values: a list has at most ${maxJsonTransactions} transactions`;
    throw new ProblemError("MALFORMED", detail);
  }
  // JSON.parse would see replacement characters, and the memo would differ from the signed one.
  if (!isUtf8(body)) throw new ProblemError("MALFORMED", "the body is not UTF-8");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    // V8's message may quote several lines of the text.
    throw new ProblemError("MALFORMED", `the body is not JSON: ${lineOf(error)}`);
  }
}

/** The SSZ encoding of a transaction in JSON form, or the reason why it has none. */
export function encodeInput(value: unknown, genesisId: Hex): Uint8Array | InputRefusal {
  const encoded = encodePlain(value, genesisId);
  if (encoded) return encoded;
  const result = transactionInputSchema.safeParse(value);
  if (!result.success) return { code: "MALFORMED", detail: describeIssues(result.error) };
  const { signature, genesisId: named, ...message } = result.data;
  if (named !== undefined && named.toLowerCase() !== genesisId) {
    return {
      code: "WRONG_CHAIN",
      detail: `the transfer is for chain ${named}, this node follows ${genesisId}`,
    };
  }
  return Transaction.serialize({ message, signature: fromHex(signature) });
}
