import type * as z from "zod";
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
import type { diagnosisSchema, findingSchema } from "./schemas/node.ts";
import type { voteSchema } from "./schemas/values.ts";

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

/** The parts of consensus that the HTTP interface needs, also before the node has a chain. */
export interface ConsensusServices {
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
}
