import type * as z from "zod";
import type { Chain } from "../chain/chain.ts";
import type { Chronicle } from "../chain/chronicle.ts";
import type { Proposals } from "../chain/proposals.ts";
import type { SideBlocks } from "../chain/side-blocks.ts";
import type { Address } from "../crypto/address.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { EventLog } from "../storage/event-log.ts";
import type { FinalityProof } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type {
  evidenceSchema,
  proposalResultSchema,
  proposalSchema,
  warningSchema,
} from "./schemas/authorities.ts";
import type {
  certificateSchema,
  checkpointSchema,
  finalitySchema,
  finalityVoteSchema,
} from "./schemas/finality.ts";
import type { diagnosisSchema, findingSchema, peerSchema, statusSchema } from "./schemas/node.ts";
import type { voteSchema } from "./schemas/values.ts";

export type StatusBody = z.infer<typeof statusSchema>;
export type PeerBody = z.infer<typeof peerSchema>;
export type CheckpointBody = z.infer<typeof checkpointSchema>;
export type FinalityVoteBody = z.infer<typeof finalityVoteSchema>;
export type CertificateBody = z.infer<typeof certificateSchema>;
export type FinalityBody = z.infer<typeof finalitySchema>;
export type EvidenceBody = z.infer<typeof evidenceSchema>;
export type VoteBody = z.infer<typeof voteSchema>;
export type ProposalBody = z.infer<typeof proposalSchema>;
export type ProposalResultBody = z.infer<typeof proposalResultSchema>;
export type WarningBody = z.infer<typeof warningSchema>;
export type DiagnosisBody = z.infer<typeof diagnosisSchema>;
export type DiagnosisState = DiagnosisBody["state"];
export type FindingBody = z.infer<typeof findingSchema>;

/** The chain and its mempool. They exist once a genesis block is known. */
export interface LedgerServices {
  chain: Chain;
  mempool: Mempool;
  sideBlocks: Pick<SideBlocks, "list" | "get" | "transactions">;
  chronicle: Pick<Chronicle, "hoursBefore" | "changesBelow">;
  /** The node's own proposals. */
  proposals: Proposals;
  finality(): FinalityBody | Promise<FinalityBody>;
  /** The proof of finality for the lowest block at or above this height that has a proof of its own. */
  finalityProof(height: number): Promise<FinalityProof | undefined>;
}

/** Gives coins of a development chain. */
export interface CoinGiver {
  /** The amount in base units. */
  amount: bigint;
  /** Resolves to the id of the transfer once it is on disk. */
  give(to: Address): Promise<Hex>;
}

/** Everything that the HTTP interface needs from the node. */
export interface ApiServices {
  status(): StatusBody;
  /** `undefined` until a genesis block is known. */
  ledger(): LedgerServices | undefined;
  peers(): PeerBody[];
  /** The source of `GET /v1/events`. */
  eventLog: Pick<EventLog, "first" | "last" | "read" | "events">;
  /** `GET /metrics`. */
  metrics: { readonly contentType: string; text(): Promise<string> };
  /** Development chains alone have it. */
  coins?: CoinGiver | undefined;
  /** The token of the admin routes. */
  adminToken: string;
  /** True if the node makes blocks when its account is an authority. */
  mines: boolean;
  /** True if the account's node is known to follow the chain; `undefined` if unknown. */
  isKnownInSync(address: Uint8Array): boolean | undefined;
  /**
   * The time at which the last finality vote of an authority arrived, ms since the Unix epoch; `undefined` if none has
   * since the start.
   */
  lastVoteMs(address: Uint8Array): number | undefined;
  /** Newest first. */
  listEvidence(): EvidenceBody[];
  diagnosis(): DiagnosisBody;
  clock: Clock;
  logger: Logger;
}
