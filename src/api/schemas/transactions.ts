import * as z from "zod";
import {
  addressText,
  amountText,
  blockRefSchema,
  countSchema,
  hexSchema,
  idSchema,
  signatureSchema,
  timeSchema,
} from "./values.ts";

export const transactionSchema = z
  .object({
    id: idSchema,
    from: addressText,
    to: addressText,
    amount: amountText,
    fee: amountText,
    nonce: countSchema,
    validUntil: countSchema.describe("The last height whose block may hold it; 0 for no limit."),
    memo: z.string().exactOptional(),
    memoHex: hexSchema.exactOptional().describe("Replaces a memo that is not UTF-8."),
    signature: signatureSchema,
  })
  .meta({ id: "Transaction" });

export const placedTransactionSchema = z
  .object({
    ...transactionSchema.shape,
    status: z.enum(["pending", "included", "finalized"]),
    block: blockRefSchema.extend({ timestamp: timeSchema }).nullable(),
    index: countSchema.nullable(),
  })
  .meta({
    id: "PlacedTransaction",
    description: "`block` and `index`, the place in the block, are null while the transaction waits.",
  });

/** The answer to one transaction. */
export const submittedSchema = z
  .object({ id: idSchema })
  .meta({ id: "Submitted", description: "The transaction is on this node's disk." });

/** The answer to several transactions. */
export const submitResultSchema = z
  .object({
    accepted: z.array(idSchema).describe("Ids in the order of the list."),
    rejected: z.array(
      z.object({
        index: countSchema.describe("The index in the list that was sent."),
        code: z.string().describe("The same as `Problem.code`."),
        detail: z.string(),
        minFee: amountText.exactOptional().describe("The same as `Problem.minFee`."),
      }),
    ),
  })
  .meta({ id: "SubmitResult", description: "The accepted transactions are on this node's disk." });

/** `GET /v1/mempool`. */
export const mempoolSchema = z.object({
  count: countSchema,
  bytes: countSchema,
  transactions: z.array(transactionSchema),
  next: countSchema.nullable().describe("The `after` of the next page."),
});
