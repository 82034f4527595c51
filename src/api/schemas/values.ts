import * as z from "zod";
import { addressSchema } from "../../config/schema.ts";
import { maxAmount, parameterNames } from "../../types/index.ts";
import { fromHex } from "../../util/bytes.ts";
import { parseCount } from "../query.ts";

/** Values that many answers and requests contain. Each `id` is the name of a schema in the OpenAPI document. */

const exampleId = `0x${"5b3f3ed002ec259f".repeat(4)}`;
const exampleAddress = "cc1qwss00lnecgtu8tsm5vwwj7qn9n7f43snwjs6hcamjrxgyj4xxuq0zljaf";

export const idSchema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .meta({ id: "Id", description: "The hash of a block, a transaction or a state.", examples: [exampleId] });

export const hexSchema = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .meta({ id: "Hex", description: "Bytes." });

export const signatureSchema = z
  .string()
  .regex(/^0x[0-9a-f]{128}$/)
  .meta({ id: "Signature", description: "An Ed25519 signature." });

export const addressText = z
  .string()
  .regex(/^cc1[02-9ac-hj-np-z]{58}$/)
  .meta({
    id: "Address",
    description: "The address of an account: its Ed25519 public key in bech32m with the prefix `cc`.",
    examples: [exampleAddress],
  });

export const amountText = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,19})$/)
  .meta({ id: "Amount", description: `An amount in base units, 0 to ${maxAmount}.`, examples: ["120"] });

/** A height, a nonce, a round, a size. */
export const countSchema = z.int().min(0);

export const timeSchema = z
  .int()
  .min(0)
  .meta({ id: "Time", description: "Milliseconds since the Unix epoch.", examples: [1_700_000_000_000] });

export const blockRefSchema = z
  .object({ height: countSchema, id: idSchema })
  .meta({ id: "BlockRef", description: "A block by its height and its id." });

/** The rules of a chain that its authorities can change by vote. */
export const parametersSchema = z
  .object({
    periodMs: countSchema,
    emptyBlockPeriodMs: countSchema,
    maxBlockTransactions: countSchema,
    maxBlockBytes: countSchema,
    blockReward: amountText,
    minFee: amountText,
    rules: countSchema.describe("The version of the rules."),
  })
  .meta({ id: "ChainParameters", description: "The rules that the authorities can change by vote." });

/** The fields of a vote on an authority. */
export const authorityVoteShape = { kind: z.enum(["add", "remove"]), candidate: addressText };

/** The fields of a vote on the value of a parameter. */
export const parameterVoteShape = {
  kind: z.literal("set"),
  parameter: z.enum(parameterNames),
  value: amountText,
};

export const voteSchema = z
  .discriminatedUnion("kind", [z.object(authorityVoteShape), z.object(parameterVoteShape)])
  .meta({ id: "Vote", description: "A vote on an authority, or on the value of a parameter." });

/** Parses the digits of a whole number within [min, max] in a query. */
export function countQuery(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  const number = z.int({ error }).min(min, { error }).max(max, { error });
  return z.preprocess((text) => (typeof text === "string" ? parseCount(text) : text), number);
}

/** Parses an id in a path into its bytes. */
export const idParameter = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, { error: "must be 0x and 64 hex digits" })
  .transform(fromHex)
  .meta({ description: "`0x` and 64 hex digits.", pattern: "^0x[0-9a-fA-F]{64}$", examples: [exampleId] });

/** Parses an address in a path into its public key. */
export const addressParameter = addressSchema.meta({
  description: "An account's address.",
  examples: [exampleAddress],
});
