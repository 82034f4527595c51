import * as z from "zod";
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
  blocksPerSecond: z.number().describe("The rate over the last ten seconds."),
  remainingMs: countSchema.nullable().describe("Null until blocks have arrived."),
});

/** A summary of one of the recoveries that a chain has gone through. */
const recoverySummarySchema = z
  .object({
    id: idSchema,
    block: blockRefSchema.describe("The block from which the chain continued."),
    authorities: countSchema.describe("The number of authorities that the recovery names."),
    reached: z
      .boolean()
      .describe("False while the node does not have the block yet. Until then it signs nothing."),
  })
  .meta({ id: "RecoverySummary" });

/** `GET /v1/recoveries`. */
export const recoveriesSchema = z
  .object({
    genesisId: idSchema,
    recoveries: z
      .array(
        z.object({
          id: idSchema.describe("The id on which people have agreed. It covers the whole recovery."),
          block: blockRefSchema.describe("The block from which the chain continues."),
          round: countSchema.describe("The round in which the block is final, above all earlier rounds."),
          authorities: z.array(addressText).describe("The authorities that make the blocks above it."),
          parameters: parametersSchema.describe("The parameters by which the next block is made."),
        }),
      )
      .describe("Oldest first."),
  })
  .meta({ id: "Recoveries", description: "The recovery file that `ccoin start --recovery=<file>` reads." });

/** `GET /v1/status`. */
export const statusSchema = z
  .object({
    version: z.string(),
    nodeId: countSchema,
    peerId: z.string(),
    address: addressText.describe("The address of the node's account."),
    mode: modeSchema,
    time: timeSchema.describe("The time of the node's clock."),
    genesisId: idSchema.nullable(),
    name: z.string().nullable(),
    symbol: z.string().nullable().describe("The unit that people count in, for display."),
    decimals: countSchema.nullable().describe("One unit is 10^decimals base units."),
    periodMs: countSchema.nullable(),
    parameters: parametersSchema.nullable().describe("The parameters after the head."),
    knownRules: countSchema.describe(
      "The newest version of the rules that the node's program knows. If `parameters.rules` is higher, the node has stopped at its head until a later release is installed.",
    ),
    head: blockRefSchema.extend({ timestamp: timeSchema }).nullable(),
    finalized: blockRefSchema.nullable(),
    recoveries: z
      .array(recoverySummarySchema)
      .describe(
        "Recoveries, by which people replaced authorities or parameters, oldest first. They stay visible forever.",
      ),
    peers: countSchema.describe("Connected ones."),
    mempool: z.object({
      count: countSchema,
      bytes: countSchema,
      minFee: amountText
        .nullable()
        .describe(
          "The least fee with which a transfer finds room now: the chain's `minFee`, or more if many transactions wait. Null without a chain.",
        ),
    }),
    sync: syncSchema.nullable().describe("The progress of a download, in heights; null if there is none."),
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
    address: z.string().describe("The multiaddr of the connection."),
    direction: z.enum(["inbound", "outbound"]),
    score: z.number(),
    connectedAt: timeSchema,
    authority: addressText
      .nullable()
      .describe(
        "The authority whose node the peer has shown to be; null if it is none, does not tell, or was not asked yet.",
      ),
    height: countSchema
      .nullable()
      .describe("The height of the peer's head as the peer last claimed; null before it has answered."),
    rules: countSchema
      .nullable()
      .describe("The version of the rules after the peer's head, as the peer claims."),
    knownRules: countSchema
      .nullable()
      .describe("The newest version of the rules that the peer's program knows, as the peer claims."),
    followed: z
      .boolean()
      .describe(
        "False if the peer claims to have gone through other recoveries. The node does not ask such a peer for its chain.",
      ),
    clockOffset: z
      .number()
      .nullable()
      .describe(
        "The peer's clock minus this node's in ms, with an error of at most half of `latency`; null before the peer has answered.",
      ),
    latency: z.number().nullable().describe("The time from the last status request to its answer, in ms."),
  })
  .meta({ id: "Peer" });

/** A finding of a diagnosis. */
export const findingSchema = z.object({
  code: z.string().describe("A stable code; docs/operating.md lists them."),
  detail: z.string(),
  remedy: z.string(),
});

const haltSchema = z
  .object({
    authorities: countSchema.describe("The number of all authorities."),
    silentCount: countSchema.describe(
      "The number of those that have not signed although they may, or send no votes.",
    ),
    silent: z.array(addressText).describe("These authorities."),
    awaited: z.array(addressText).describe("Those of them that may sign the next block."),
    needed: countSchema.describe("The number of the awaited that keep the chain going."),
    own: z.boolean().describe("True if this node's account may sign the next block and has not."),
  })
  .meta({ id: "Halt", description: "Whom the next block waits for. At most 16 addresses of each kind." });

export const diagnosisStates = ["ok", "waiting", "halted", "syncing", "no-genesis"] as const;

/** `GET /v1/diagnosis`. */
export const diagnosisSchema = z
  .object({
    state: z
      .enum(diagnosisStates)
      .describe(
        "`ok`: blocks come, or none is needed; `waiting`: something is late; `halted`: no block has come for long; `syncing`: the node is behind its peers.",
      ),
    summary: z.string().describe("One line."),
    findings: z.array(findingSchema).describe("The most important first."),
    halt: haltSchema.exactOptional().describe("Present while a block is late."),
  })
  .meta({ id: "Diagnosis", description: "What the node waits for." });
