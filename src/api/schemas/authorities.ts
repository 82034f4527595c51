import * as z from "zod";
import { addressSchema, amountSchema } from "../../config/schema.ts";
import { parameterNames } from "../../types/index.ts";
import {
  addressText,
  authorityVoteShape,
  blockRefSchema,
  countSchema,
  idSchema,
  parameterVoteShape,
  timeSchema,
} from "./values.ts";

/** The rule for the body of `POST /v1/authorities/proposals`. */
const inputRule = "a proposal is an object {candidate, kind: add or remove} or {parameter, value, kind: set}";
const force = z
  .boolean()
  .prefault(false)
  .describe("Propose it even if the chain or this node could come to a halt.");

/** The body of `POST /v1/authorities/proposals`. */
export const proposalInputSchema = z
  .discriminatedUnion(
    "kind",
    [
      z.strictObject({ candidate: addressSchema, kind: z.enum(["add", "remove"]), force }),
      z.strictObject({
        parameter: z.enum(parameterNames, { error: `must be one of ${parameterNames.join(", ")}` }),
        value: amountSchema.describe("Decimal digits as a string."),
        kind: z.literal("set"),
        force,
      }),
    ],
    { error: (issue) => (issue.code === "invalid_union" ? "must be add, remove or set" : inputRule) },
  )
  .meta({ id: "ProposalInput" });

const standingShape = {
  proposedAt: timeSchema,
  votes: countSchema.describe("The number of open votes for it."),
  needed: countSchema.describe("The number of votes that enact it."),
  enacted: z
    .boolean()
    .describe("True if the change is in the head's state. The proposal is done once that is final."),
};

/** One of the node's own proposals, and its votes at the head. */
export const proposalSchema = z
  .discriminatedUnion("kind", [
    z.object({ ...authorityVoteShape, ...standingShape }),
    z.object({ ...parameterVoteShape, ...standingShape }),
  ])
  .meta({ id: "Proposal" });

const openVoteShape = { voter: addressText, height: countSchema };
const openVoteSchema = z.discriminatedUnion("kind", [
  z.object({ ...authorityVoteShape, ...openVoteShape }),
  z.object({ ...parameterVoteShape, ...openVoteShape }),
]);

/** A fact to know before proceeding; it does not refuse anything. */
export const warningSchema = z.object({ code: z.string(), detail: z.string() });

export const proposalResultSchema = z
  .object({ proposal: proposalSchema, warnings: z.array(warningSchema) })
  .meta({ id: "ProposalResult" });

/** Contradicting signatures of one authority, and the proposal that removes it. */
export const evidenceSchema = z
  .object({
    id: idSchema,
    offender: addressText,
    offence: z.enum(["header", "doubleVote", "surround"]),
    slot: countSchema.exactOptional().describe("The slot of the two headers."),
    round: countSchema.exactOptional().describe("The target round of the later vote."),
    conflicting: z
      .array(idSchema)
      .length(2)
      .describe("The ids of the two blocks, or the roots of the two votes."),
    receivedAt: timeSchema,
    proposal: z
      .object({ candidate: addressText, kind: z.literal("remove") })
      .describe("A proposal that can be posted as it is."),
  })
  .meta({ id: "Evidence" });

/** `GET /v1/authorities`. */
export const authoritiesSchema = z
  .object({
    head: blockRefSchema,
    nextHeight: countSchema,
    countedFrom: countSchema.describe("Turns are counted from this height on."),
    authorities: z.array(
      z.object({
        address: addressText,
        turn: countSchema,
        inTurn: z.boolean().describe("True if it is in turn at `nextHeight`."),
        maySign: z.boolean().describe("True if the recent-signer rule lets it sign `nextHeight`."),
        turns: countSchema.describe(
          "The counted blocks that were expected from it: in turn, or as the next that might sign.",
        ),
        missedTurns: countSchema.describe("Those that another authority made."),
        lastBlock: z
          .object({ height: countSchema, timestamp: timeSchema })
          .nullable()
          .describe("Its newest block; null if it made none of the counted ones."),
        lastVoteAt: timeSchema
          .nullable()
          .describe("When its last finality vote arrived; null if none has since the node's start."),
      }),
    ),
    recentSigners: z.array(z.object({ height: countSchema, proposer: addressText })),
    openVotes: z.array(openVoteSchema),
    proposals: z.array(proposalSchema).describe("The proposals of this node's operator."),
    evidence: z.array(evidenceSchema).describe("Newest first."),
  })
  .meta({ id: "Authorities", description: "The authorities after the head." });

/** `GET /v1/authorities/turns`. */
export const turnsSchema = z.object({
  countedFrom: countSchema.describe("Turns are counted from this height on."),
  authorities: z.array(
    z
      .object({
        address: addressText,
        made: z.array(countSchema).describe("Its turns in which it made the block, newest first."),
        missed: z.array(countSchema).describe("Its turns in which another authority did, newest first."),
      })
      .meta({ id: "Turns" }),
  ),
});
