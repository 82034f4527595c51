import * as z from "zod";
import { headerSchema } from "./blocks.ts";
import { transactionSchema } from "./transactions.ts";
import {
  addressText,
  amountText,
  blockRefSchema,
  countSchema,
  hexSchema,
  idSchema,
  parametersSchema,
  signatureSchema,
} from "./values.ts";

export const checkpointSchema = z
  .object({ round: countSchema, ...blockRefSchema.shape })
  .meta({ id: "Checkpoint", description: "A block in a voting round." });

const linkShape = { source: checkpointSchema, target: checkpointSchema };

export const finalityVoteSchema = z
  .object({ voter: addressText, ...linkShape })
  .meta({ id: "FinalityVote", description: "The vote of one authority." });

export const certificateSchema = z
  .object({ ...linkShape, voters: z.array(addressText), signatures: z.array(signatureSchema) })
  .meta({
    id: "Certificate",
    description:
      "One link, signed by more than two thirds of the authorities of its target's state; `voters` and `signatures` go together.",
  });

/** `GET /v1/finality`. */
export const finalitySchema = z
  .object({
    justified: checkpointSchema,
    finalized: checkpointSchema,
    proof: z
      .object({
        justification: certificateSchema
          .nullable()
          .describe("Null if the finalized block is the genesis block."),
        finalization: certificateSchema,
        ssz: hexSchema.describe("The same proof as the SSZ container `FinalityProof`."),
      })
      .exactOptional()
      .describe("The proof of the finalized block; missing for the genesis block."),
    votes: z
      .object({ round: countSchema, quorum: countSchema, heard: z.array(finalityVoteSchema) })
      .describe("The round that this node is in: `quorum` votes for one link justify its target."),
  })
  .meta({ id: "Finality" });

const branchSchema = z.array(idSchema).describe("SSZ Merkle branch, lowest node first.");

const provedCertificateSchema = z
  .object({
    ...certificateSchema.shape,
    header: headerSchema.describe("The header of the target."),
    authorities: z.array(addressText).describe("The authorities of the target's state."),
    branch: branchSchema.describe("The branch from the root of `authorities` to the header's `stateRoot`."),
    recovery: idSchema.describe("The recovery that the target's state is under; zeros for none."),
    parametersRoot: idSchema.describe(
      "The root of the target's parameters; with `recovery` it forms the pair whose hash is the last node of `branch`.",
    ),
  })
  .meta({ id: "ProvedCertificate" });

const provedFinalitySchema = z
  .object({
    headers: z.array(headerSchema).describe("The headers from the next block to the finalized checkpoint."),
    justification: provedCertificateSchema,
    finalization: provedCertificateSchema,
  })
  .meta({ id: "ProvedFinality", description: "The proof that a block is final (docs/http.md, Proofs)." });

const finality = provedFinalitySchema
  .nullable()
  .describe("Null if the block is not final, or if this node has no certificate near it.");

/** `GET /v1/accounts/{address}/proof`. */
export const accountProofSchema = z
  .object({
    block: headerSchema,
    account: z.object({ address: addressText, balance: amountText, nonce: countSchema }),
    index: countSchema.describe("The index in the list of accounts."),
    branch: branchSchema.describe(
      "The branch from the account to the header's `stateRoot`: 35 nodes, lowest first.",
    ),
    finality,
  })
  .meta({ id: "AccountProof" });

/** `GET /v1/parameters/proof`. */
export const parametersProofSchema = z
  .object({
    block: headerSchema,
    parameters: parametersSchema,
    branch: branchSchema.describe("From the parameters to the header's `stateRoot`: 2 nodes, lowest first."),
    finality,
  })
  .meta({ id: "ParametersProof" });

/** `GET /v1/transactions/{id}/proof`. */
export const transactionProofSchema = z
  .object({
    block: headerSchema,
    transaction: transactionSchema,
    index: countSchema.describe("The index in the block."),
    branch: branchSchema.describe(
      "The branch from the id to the header's `transactionsRoot`: 17 nodes, lowest first.",
    ),
    finality,
  })
  .meta({ id: "TransactionProof" });
