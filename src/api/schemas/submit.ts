import * as z from "zod";
import type { Operation } from "../operation.ts";
import { maxJsonTransactions, transactionInputSchema } from "../transaction-input.ts";
import { submitResultSchema, submittedSchema } from "./transactions.ts";

const transfer = transactionInputSchema.meta({
  id: "SignedTransfer",
  description:
    "A transfer for another chain is refused as `WRONG_CHAIN` if it has a `genesisId`, else as `INVALID_SIGNATURE`.",
});

export const submitOperation = {
  id: "submitTransactions",
  method: "POST",
  path: "/v1/transactions",
  tag: "Transactions",
  summary: "Submit one transaction or several",
  description:
    "The answer to one transaction is its id or a problem; the answer to a list says which were accepted and why the others were not. **202 means that the transaction is on this node's disk, synced.** If you get no answer, submit the same transaction again: it is never executed twice.",
  body: {
    "application/json": z.union([transfer, z.array(transfer).min(1).max(maxJsonTransactions)]),
    "application/octet-stream": z
      .string()
      .describe("An SSZ `Transactions` list.")
      .meta({ contentMediaType: "application/octet-stream" }),
  },
  status: 202,
  answer: z.union([submittedSchema, submitResultSchema]),
  problems: [
    "INVALID_SIGNATURE",
    "INVALID_ADDRESS",
    "OVERFLOW",
    "ALREADY_KNOWN",
    "NONCE_TOO_LOW",
    "NONCE_TOO_HIGH",
    "NONCE_GAP_TOO_LARGE",
    "INSUFFICIENT_BALANCE",
    "FEE_TOO_LOW",
    "WRONG_CHAIN",
    "NO_GENESIS",
    "MEMPOOL_FULL",
    "ACCOUNT_LIMIT",
    "WRITE_FAILED",
  ],
} as const satisfies Operation;
