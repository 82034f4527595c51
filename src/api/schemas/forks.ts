import * as z from "zod";
import { blockSummarySchema } from "./blocks.ts";
import { placedTransactionSchema } from "./transactions.ts";
import { countSchema, timeSchema } from "./values.ts";

const sideBlockSchema = blockSummarySchema
  .omit({ finalized: true })
  .extend({
    retracted: z.boolean().describe("True if the block was canonical before a reorganization."),
    seenAt: timeSchema.describe("When this node stored it on a side branch, or retracted it."),
    returned: countSchema.describe(
      "The number of its transactions that the better branch did not hold when it was retracted.",
    ),
  })
  .meta({ id: "SideBlock" });

/** `GET /v1/forks`. */
export const forksSchema = z.object({ blocks: z.array(sideBlockSchema) });

const fates = ["pending", "included", "finalized", "replaced", "expired", "dropped"] as const;

export type TransactionFate = (typeof fates)[number];

/** `GET /v1/forks/{id}`. */
export const forkSchema = z
  .object({
    ...sideBlockSchema.shape,
    transactions: z
      .array(
        placedTransactionSchema
          .extend({
            status: z
              .enum(fates)
              .describe(
                "`replaced`: another transaction of the account took its nonce. `expired`: its last height has passed. `dropped`: this node does not hold it any more.",
              ),
          })
          .meta({
            id: "TransactionFate",
            description: "`block` and `index` are null for a transaction that is in no canonical block.",
          }),
      )
      .describe("The first 100, and where each is now."),
  })
  .meta({ id: "Fork" });
