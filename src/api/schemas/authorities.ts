import { z } from "zod";
import { addressSchema } from "../../config/schema.ts";
import { addressText, blockRefSchema, countSchema, idSchema, kindSchema, timeSchema } from "./values.ts";

/** What `POST /v1/authorities/proposals` takes. */
export const proposalInputSchema = z
  .strictObject(
    {
      candidate: addressSchema,
      kind: z.enum(["add", "remove"], { error: "must be add or remove" }),
    },
    {
      error: (issue) =>
        issue.code === "invalid_type" ? "a proposal is an object {candidate, kind}" : undefined,
    },
  )
  .meta({ id: "ProposalInput" });

/** One of the node's own proposals, and where it stands at the head. */
export const proposalSchema = z
  .object({
    candidate: addressText,
    kind: kindSchema,
    proposedAt: timeSchema,
    votes: countSchema.describe("Open ones for it."),
    needed: countSchema.describe("So many enact it."),
    enacted: z.boolean().describe("The head's state has it; it is done once that is final."),
  })
  .meta({ id: "Proposal" });

/** Something to know before going on, that refuses nothing. */
export const warningSchema = z.object({ code: z.string(), detail: z.string() });

export const proposalResultSchema = z
  .object({ proposal: proposalSchema, warnings: z.array(warningSchema) })
  .meta({ id: "ProposalResult" });

/** Contradicting signatures of one authority, and what to propose against it. */
export const evidenceSchema = z
  .object({
    id: idSchema,
    offender: addressText,
    offence: z.enum(["header", "doubleVote", "surround"]),
    slot: countSchema.exactOptional().describe("Of two headers."),
    round: countSchema.exactOptional().describe("Target round of the later vote."),
    conflicting: z.array(idSchema).length(2).describe("Ids of the blocks, or roots of the votes."),
    receivedAt: timeSchema,
    proposal: z
      .object({ candidate: addressText, kind: z.literal("remove") })
      .describe("Can be posted as it is."),
  })
  .meta({ id: "Evidence" });

/** `GET /v1/authorities`. */
export const authoritiesSchema = z
  .object({
    head: blockRefSchema,
    nextHeight: countSchema,
    countedFrom: countSchema.describe("The turns of the blocks from this height on are counted."),
    authorities: z.array(
      z.object({
        address: addressText,
        turn: countSchema,
        inTurn: z.boolean().describe("The turn of `nextHeight` is its."),
        maySign: z.boolean().describe("It has not signed too recently for `nextHeight`."),
        turns: countSchema.describe("Without those in which it had signed too recently."),
        missedTurns: countSchema.describe("Those of them in which another made the block."),
        lastBlock: z
          .object({ height: countSchema, timestamp: timeSchema })
          .nullable()
          .describe("The newest of its own; null where it made none of those that are counted."),
        lastVoteAt: timeSchema
          .nullable()
          .describe("When its last finality vote came; null where none has since the node's start."),
      }),
    ),
    recentSigners: z.array(z.object({ height: countSchema, proposer: addressText })),
    openVotes: z.array(
      z.object({ voter: addressText, candidate: addressText, kind: kindSchema, height: countSchema }),
    ),
    proposals: z.array(proposalSchema).describe("Those of this node's operator."),
    evidence: z.array(evidenceSchema).describe("Newest first."),
  })
  .meta({ id: "Authorities", description: "The set after the head." });
