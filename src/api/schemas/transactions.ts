import { z } from "zod";
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
    memoHex: hexSchema.exactOptional().describe("In place of a memo that is not UTF-8."),
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
    description: "`block`, and `index`, the place in it, are null while it waits.",
  });

/** The answer to one transaction. */
export const submittedSchema = z
  .object({ id: idSchema })
  .meta({ id: "Submitted", description: "It is on this node's disk." });

/** The answer to several transactions. */
export const submitResultSchema = z
  .object({
    accepted: z.array(idSchema).describe("In the order of the list."),
    rejected: z.array(
      z.object({
        index: countSchema.describe("Place in the list that was sent."),
        code: z.string().describe("As `Problem.code`."),
        detail: z.string(),
        minFee: amountText.exactOptional().describe("As `Problem.minFee`."),
      }),
    ),
  })
  .meta({ id: "SubmitResult", description: "Those accepted are on this node's disk." });

/** `GET /v1/mempool`. */
export const mempoolSchema = z.object({
  count: countSchema,
  bytes: countSchema,
  transactions: z.array(transactionSchema),
  next: countSchema.nullable().describe("`after` of the next page."),
});
