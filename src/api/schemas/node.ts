import { z } from "zod";
import {
  addressText,
  amountText,
  blockRefSchema,
  countSchema,
  idSchema,
  parametersSchema,
  timeSchema,
} from "./values.ts";

export const modeSchema = z.enum(["genesis", "boot", "ready", "dying", "dead"]).meta({ id: "Mode" });

const syncSchema = z.object({
  startHeight: countSchema,
  height: countSchema,
  targetHeight: countSchema,
  blocksPerSecond: z.number().describe("Of the last ten seconds."),
  remainingMs: countSchema.nullable().describe("Null while nothing has come."),
});

/** A summary of one of the recoveries that a chain has gone through. */
const recoverySummarySchema = z
  .object({
    id: idSchema,
    block: blockRefSchema.describe("The chain went on from it."),
    authorities: countSchema.describe("How many it named."),
    reached: z.boolean().describe("False while the node does not have the block yet: it signs nothing then."),
  })
  .meta({ id: "RecoverySummary" });

/** `GET /v1/recoveries`. */
export const recoveriesSchema = z
  .object({
    genesisId: idSchema,
    recoveries: z
      .array(
        z.object({
          id: idSchema.describe("What people have agreed on: it covers all of the recovery."),
          block: blockRefSchema.describe("The newest final block of the chain that had lost its majority."),
          round: countSchema.describe("In which the block is final, above all rounds before."),
          authorities: z.array(addressText).describe("Who makes the blocks above it."),
        }),
      )
      .describe("Oldest first."),
  })
  .meta({ id: "Recoveries", description: "As `ccoin start --recovery=<file>` reads it." });

/** `GET /v1/status`. */
export const statusSchema = z
  .object({
    version: z.string(),
    nodeId: countSchema,
    peerId: z.string(),
    address: addressText.describe("Of the node's account."),
    mode: modeSchema,
    time: timeSchema.describe("By the node's clock."),
    genesisId: idSchema.nullable(),
    name: z.string().nullable(),
    symbol: z.string().nullable().describe("The unit that people count in, for display."),
    decimals: countSchema.nullable().describe("One unit is 10^decimals base units."),
    periodMs: countSchema.nullable(),
    parameters: parametersSchema.nullable().describe("Those after the head."),
    knownRules: countSchema.describe(
      "The newest version of the rules that the node's program knows. Where `parameters.rules` is above it, the node has stopped at its head until a later release is installed.",
    ),
    head: blockRefSchema.extend({ timestamp: timeSchema }).nullable(),
    finalized: blockRefSchema.nullable(),
    recoveries: z
      .array(recoverySummarySchema)
      .describe("Where people have replaced a lost majority of authorities, oldest first: for ever."),
    peers: countSchema.describe("Connected ones."),
    mempool: z.object({
      count: countSchema,
      bytes: countSchema,
      minFee: amountText
        .nullable()
        .describe(
          "The least fee with which a transfer finds room now: the chain's, or more where much waits. Null without a chain.",
        ),
    }),
    sync: syncSchema.nullable().describe("A download under way, by heights; null while there is none."),
  })
  .meta({
    id: "Status",
    description:
      "Before a genesis block is known `genesisId`, `name`, `symbol`, `decimals`, `periodMs`, `parameters`, `head` and `finalized` are null.",
  });

/** A peer in `GET /v1/peers`. */
export const peerSchema = z
  .object({
    id: z.string(),
    address: z.string().describe("Multiaddr of the connection."),
    direction: z.enum(["inbound", "outbound"]),
    score: z.number(),
    connectedAt: timeSchema,
    height: countSchema.nullable().describe("Of its head, as it last said; null before it has."),
    rules: countSchema.nullable().describe("Version of the rules after its head, as it says."),
    knownRules: countSchema.nullable().describe("The newest version that its program knows, as it says."),
    followed: z
      .boolean()
      .describe(
        "False where it says that it has gone through other recoveries: it is left alone, and its chain is not asked for.",
      ),
    clockOffset: z
      .number()
      .nullable()
      .describe(
        "Its clock minus ours in ms, off by half of `latency` at most; null before it has been asked.",
      ),
    latency: z.number().nullable().describe("Of the last height request and its answer, ms."),
  })
  .meta({ id: "Peer" });

/** A finding of a diagnosis. */
export const findingSchema = z.object({
  code: z.string().describe("Stable: docs/operating.md lists them."),
  detail: z.string(),
  remedy: z.string(),
});

export const diagnosisStates = ["ok", "waiting", "halted", "syncing", "no-genesis"] as const;

/** `GET /v1/diagnosis`. */
export const diagnosisSchema = z
  .object({
    state: z
      .enum(diagnosisStates)
      .describe(
        "`ok`: blocks come, or nothing asks for one; `waiting`: something is late; `halted`: no block for long; `syncing`: behind the peers.",
      ),
    summary: z.string().describe("One line."),
    findings: z.array(findingSchema).describe("The most important first."),
  })
  .meta({ id: "Diagnosis", description: "What the node waits for." });
