import * as z from "zod";
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
    difficulty: countSchema.describe("2 for a block in turn, 1 for one out of turn."),
    vote: voteSchema.nullable().describe("The proposer's vote."),
    transactionsRoot: idSchema,
    stateRoot: idSchema,
    signature: signatureSchema,
  })
  .meta({ id: "Header" });

export const weightedShape = {
  ...headerSchema.shape,
  totalDifficulty: countSchema.describe(
    "The sum of the difficulties from the block after genesis to this one.",
  ),
};

export const blockSummarySchema = z
  .object({
    ...weightedShape,
    transactionCount: countSchema,
    bytes: countSchema.describe("The size of the encoded transactions."),
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
      .describe("At most the first 1,000 balances."),
  })
  .meta({ id: "Genesis", description: "The rules of a chain and its first balances." });

export const blockSchema = z
  .object({
    ...weightedShape,
    transactions: z.array(transactionSchema),
    canonical: z.boolean().describe("False for a block of a side branch."),
    finalized: z.boolean(),
    genesis: genesisSchema
      .exactOptional()
      .describe("The contents of the genesis block, present at height 0."),
  })
  .meta({ id: "Block" });

/** `GET /v1/blocks`. */
export const blockPageSchema = z.object({
  blocks: z.array(blockSummarySchema),
  next: countSchema.nullable().describe("The `before` of the next page."),
});
