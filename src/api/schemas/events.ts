import * as z from "zod";
import type { EventName } from "../event-texts.ts";
import { weightedShape } from "./blocks.ts";
import { modeSchema } from "./node.ts";
import { transactionSchema } from "./transactions.ts";
import { blockRefSchema, countSchema } from "./values.ts";

// These have no names: OpenAPI 3.1 does not know where they are used (`x-events`), and no tool would find a use of a
// component.
const blockEventSchema = z.object({ ...weightedShape, transactionCount: countSchema, bytes: countSchema });

const { shape } = transactionSchema;
const transactionEventSchema = z
  .object({
    ...shape,
    from: shape.from.exactOptional(),
    to: shape.to.exactOptional(),
    amount: shape.amount.exactOptional(),
    fee: shape.fee.exactOptional(),
    nonce: shape.nonce.exactOptional(),
    validUntil: shape.validUntil.exactOptional(),
    signature: shape.signature.exactOptional(),
  })
  .meta({
    description:
      "A `Transaction`; only its `id` if the event is read later and the node no longer has the transaction.",
  });

/** The data of each event. */
export const eventSchemas = {
  block: blockEventSchema,
  retracted: blockEventSchema,
  finalized: blockRefSchema,
  transaction: transactionEventSchema,
  mode: z.object({ mode: modeSchema }),
} as const satisfies Record<EventName, z.ZodType>;
