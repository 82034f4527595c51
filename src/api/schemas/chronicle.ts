import * as z from "zod";
import { addressText, blockRefSchema, countSchema, timeSchema, voteSchema } from "./values.ts";

const hourSchema = z
  .object({
    start: timeSchema.describe("The hour's beginning. Its blocks have timestamps from then on."),
    fromHeight: countSchema.describe("The lowest of its blocks."),
    blocks: countSchema,
    transactions: countSchema,
    since: timeSchema.describe("The timestamp of the block before them."),
    until: timeSchema.describe("The timestamp of the last of them."),
    longest: countSchema.describe("The longest time between one of them and its parent, in ms."),
    accounts: countSchema.describe("The number of accounts at the end."),
    authorities: countSchema.describe("The number of authorities at the end."),
    finality: countSchema
      .nullable()
      .describe("The mean time in ms until this node knew a block to be final; null if it saw none."),
    missed: z
      .array(z.object({ address: addressText, turns: countSchema }))
      .describe("Authorities that missed turns, those with the most first, at most 128."),
  })
  .meta({ id: "Hour" });

/** `GET /v1/figures`. */
export const figuresSchema = z.object({
  hours: z.array(hourSchema).describe("Hours without a block are left out."),
  next: timeSchema.nullable().describe("The `before` of the next page."),
});

const changeSchema = z
  .object({
    block: blockRefSchema.extend({ timestamp: timeSchema }).describe("The block with the deciding vote."),
    vote: voteSchema,
    voters: z.array(addressText).describe("Those who voted for it, the deciding one last."),
  })
  .meta({ id: "Change" });

/** `GET /v1/changes`. */
export const changesSchema = z.object({
  changes: z.array(changeSchema),
  next: countSchema.nullable().describe("The `before` of the next page."),
});
