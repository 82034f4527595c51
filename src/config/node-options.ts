import { isIP } from "node:net";
import * as z from "zod";
import { UserError } from "../util/errors.ts";
import { fileName, httpAccessShape, tlsFilesIssue, tlsShape } from "./http-options.ts";
import { announcedAddress, bootstrapAddress, peerId } from "./multiaddrs.ts";
import { defaultHttpPort, defaultP2pPort, nodeIdSchema } from "./node-id.ts";
import { type NodePaths, nodePaths } from "./paths.ts";
import { describeIssues, wholeNumber } from "./schema.ts";

export const defaultGenesisTimeoutMs = 600_000;
export const logLevels = ["silent", "error", "warn", "info", "debug"] as const;

/** Port 0 stands for any free port. */
const port = wholeNumber(0, 65_535).optional();
const noAddress = { error: "must be an IP address, such as 127.0.0.1" };
const host = z.string().regex(/^[0-9a-zA-Z.:-]+$/, noAddress);

const nodeOptionsSchema = z
  .strictObject({
    nodeId: nodeIdSchema,
    /** The folder that contains `node-<id>`. */
    dataDir: z.string().min(1, { error: "must name a folder" }),
    /** The address that libp2p listens on; by default all of the machine. */
    p2pHost: z
      .string()
      .refine((text) => isIP(text) !== 0, noAddress)
      .optional(),
    p2pPort: port,
    /** `localhost` stands for 127.0.0.1 and ::1. */
    httpHost: host.default("localhost"),
    httpPort: port,
    ...httpAccessShape,
    ...tlsShape,
    bootstrap: z.array(bootstrapAddress).default([]),
    /** Addresses at which others reach this node besides those of its interfaces. */
    announce: z.array(announcedAddress).default([]),
    mdns: z.boolean().default(true),
    /** The file with the key of a closed network. */
    networkKeyFile: fileName,
    /** The only peers that this node connects with. */
    allowPeers: z.array(peerId).optional(),
    /** The most peers of one address that connect to this node. */
    maxPerAddress: wholeNumber(1, 1_000).default(32),
    /** True if the node makes blocks when its account is an authority. */
    mine: z.boolean().default(true),
    /** True if the node does not tell its peers that its account is an authority. */
    anonymous: z.boolean().default(false),
    /** The id of the only genesis block that the node may adopt. */
    genesisPin: z
      .string()
      .regex(/^0x[0-9a-fA-F]{64}$/, { error: "must be a genesis id: 0x and 64 hex digits" })
      .transform((id) => id.toLowerCase())
      .optional(),
    /** The time for which a node without a genesis block looks for one. */
    genesisTimeoutMs: wholeNumber(1, 2 ** 31 - 1, "ms").default(defaultGenesisTimeoutMs),
    passphraseFile: fileName,
    /** The file with the recoveries that people have agreed on. */
    recoveryFile: fileName,
    /** A passphrase that a person typed. */
    passphrase: z.string().optional(),
    logLevel: z.enum(logLevels, { error: `must be one of ${logLevels.join(", ")}` }).default("info"),
  })
  .superRefine((options, context) => {
    const issue = tlsFilesIssue(options);
    if (issue) context.addIssue({ code: "custom", ...issue });
  })
  .transform(({ dataDir, ...options }) => ({
    ...options,
    tls: options.tls || options.tlsCert !== undefined,
    p2pPort: options.p2pPort ?? defaultP2pPort(options.nodeId),
    httpPort: options.httpPort ?? defaultHttpPort(options.nodeId),
    dataDir: nodePaths(dataDir, options.nodeId) as NodePaths,
  }));

export type NodeOptionsInput = z.input<typeof nodeOptionsSchema>;
/** Options of one node, complete and checked; `dataDir` is the node's own folder. */
export type NodeOptions = z.output<typeof nodeOptionsSchema>;

/**
 * @param names what people call an option, such as `--port` for `p2pPort`.
 * @throws {UserError} `BAD_OPTIONS`, one line with the option and its rule.
 */
export function parseNodeOptions(input: NodeOptionsInput, names?: Record<string, string>): NodeOptions {
  const result = nodeOptionsSchema.safeParse(input);
  if (!result.success) throw new UserError(describeIssues(result.error, names), "BAD_OPTIONS");
  return result.data;
}
