import { z } from "zod";
import { placedTransactionSchema } from "./transactions.ts";
import { addressText, amountText, countSchema } from "./values.ts";

/** `GET /v1/accounts/{address}`. */
export const accountSchema = z
  .object({
    address: addressText,
    balance: amountText,
    nonce: countSchema.describe("Of its next transaction, after the head."),
    pendingNonce: countSchema.describe("The same with the waiting transactions counted."),
    name: z.string().exactOptional().describe("The name that genesis gives to the address."),
  })
  .meta({
    id: "Account",
    description: "After the head. An account that nothing has named yet has balance 0 and nonce 0.",
  });

/** `GET /v1/accounts/{address}/transactions`. */
export const historySchema = z.object({
  transactions: z.array(placedTransactionSchema),
  next: z.string().nullable().describe("`before` of the next page."),
});
