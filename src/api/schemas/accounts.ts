import { z } from "zod";
import { placedTransactionSchema } from "./transactions.ts";
import { addressText, amountText, countSchema } from "./values.ts";

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

/** `GET /v1/accounts/{address}/transactions`. */
export const historySchema = z.object({
  transactions: z.array(placedTransactionSchema),
  next: z.string().nullable().describe("The `before` of the next page."),
});
