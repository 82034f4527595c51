import { z } from "zod";
import { transactionSchema } from "./transactions.ts";
import {
  addressText,
  amountText,
  countSchema,
  idSchema,
  parametersSchema,
  signatureSchema,
  timeSchema,
  voteSchema,
} from "./values.ts";

/** A signed header. */
export const headerSchema = z
  .object({
    id: idSchema,
    height: countSchema,
    parent: idSchema,
    timestamp: timeSchema,
    proposer: addressText,
    difficulty: countSchema.describe("2 in turn, 1 out of turn."),
    vote: voteSchema.nullable().describe("The proposer's vote."),
    transactionsRoot: idSchema,
    stateRoot: idSchema,
    signature: signatureSchema,
  })
  .meta({ id: "Header" });

export const weightedShape = {
  ...headerSchema.shape,
  totalDifficulty: countSchema.describe("From the block after genesis to this one."),
};

export const blockSummarySchema = z
  .object({
    ...weightedShape,
    transactionCount: countSchema,
    bytes: countSchema.describe("Of the encoded transactions."),
    finalized: z.boolean(),
  })
  .meta({ id: "BlockSummary" });

const genesisSchema = z
  .object({
    name: z.string(),
    symbol: z.string().describe("The unit that people count in, for display."),
    decimals: countSchema.describe("One unit is 10^decimals base units."),
    slotMs: countSchema.describe("An authority signs at most one header in each time slot."),
    epochLength: countSchema,
    ...parametersSchema.shape,
    names: z.array(z.object({ address: addressText, name: z.string() })),
    authorities: z.array(addressText),
    balanceCount: countSchema,
    balances: z
      .array(z.object({ address: addressText, balance: amountText }))
      .describe("The first 1,000 at most."),
  })
  .meta({ id: "Genesis", description: "The rules of a chain and its first balances." });

export const blockSchema = z
  .object({
    ...weightedShape,
    transactions: z.array(transactionSchema),
    canonical: z.boolean().describe("False on a side branch."),
    finalized: z.boolean(),
    genesis: genesisSchema.exactOptional().describe("Of the block at height 0."),
  })
  .meta({ id: "Block" });

/** `GET /v1/forks`. */
export const forksSchema = z.object({
  blocks: z.array(
    blockSummarySchema
      .omit({ finalized: true })
      .extend({ retracted: z.boolean().describe("It was canonical before a reorganization.") })
      .meta({ id: "SideBlock" }),
  ),
});

/** `GET /v1/blocks`. */
export const blockPageSchema = z.object({
  blocks: z.array(blockSummarySchema),
  next: countSchema.nullable().describe("`before` of the next page."),
});
