import { z } from "zod";
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
const force = z.boolean().prefault(false).describe("Also where too few authorities are known to be alive.");

/** The body of `POST /v1/authorities/proposals`. */
export const proposalInputSchema = z
  .discriminatedUnion(
    "kind",
    [
      z.strictObject({ candidate: addressSchema, kind: z.enum(["add", "remove"]), force }),
      z.strictObject({
        parameter: z.enum(parameterNames, { error: `must be one of ${parameterNames.join(", ")}` }),
        value: amountSchema.describe("In digits, as text."),
        kind: z.literal("set"),
        force,
      }),
    ],
    { error: (issue) => (issue.code === "invalid_union" ? "must be add, remove or set" : inputRule) },
  )
  .meta({ id: "ProposalInput" });

const standingShape = {
  proposedAt: timeSchema,
  votes: countSchema.describe("Open ones for it."),
  needed: countSchema.describe("So many enact it."),
  enacted: z.boolean().describe("The head's state has it; it is done once that is final."),
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
    openVotes: z.array(openVoteSchema),
    proposals: z.array(proposalSchema).describe("Those of this node's operator."),
    evidence: z.array(evidenceSchema).describe("Newest first."),
  })
  .meta({ id: "Authorities", description: "The set after the head." });
