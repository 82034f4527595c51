import type { FinalityProof } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";

/** A block in a voting round. */
export interface CheckpointBody {
  round: number;
  height: number;
  id: Hex;
}

/** What one authority voted for. */
export interface FinalityVoteBody {
  voter: string;
  source: CheckpointBody;
  target: CheckpointBody;
}

/** The signatures of more than two thirds of the authorities under one link; `voters` and `signatures` go together. */
export interface CertificateBody {
  source: CheckpointBody;
  target: CheckpointBody;
  voters: string[];
  signatures: Hex[];
}

/** `GET /v1/finality`. */
export interface FinalityBody {
  justified: CheckpointBody;
  finalized: CheckpointBody;
  /** Why the finalized block is: absent for genesis, whose own justification is null. */
  proof?: {
    justification: CertificateBody | null;
    finalization: CertificateBody;
    /** The same as the SSZ container `FinalityProof`. */
    ssz: Hex;
  };
  /** The voting round that this node is in: who was heard, and how many votes for one link justify it. */
  votes: { round: number; quorum: number; heard: FinalityVoteBody[] };
}

/** Contradicting signatures of one authority, and what to propose against it. */
export interface EvidenceBody {
  id: Hex;
  /** Of the authority. */
  offender: string;
  offence: "header" | "doubleVote" | "surround";
  /** Of two headers. */
  slot?: number;
  /** Target round of the later vote. */
  round?: number;
  /** Ids of the blocks, or roots of the votes. */
  conflicting: [Hex, Hex];
  /** ms since the Unix epoch. */
  receivedAt: number;
  proposal: { candidate: string; kind: "remove" };
}

/** One of the node's own proposals, and where it stands at the head. */
export interface ProposalBody {
  candidate: string;
  kind: "add" | "remove";
  /** ms since the Unix epoch. */
  proposedAt: number;
  /** Open votes for it, and how many enact it. */
  votes: number;
  needed: number;
  /** The head's state has it already; it is done once that is final. */
  enacted: boolean;
}

/** Something to know before going on, that refuses nothing. */
export interface WarningBody {
  code: string;
  detail: string;
}

/**
 * `ok`: blocks come, or nothing asks for one; `waiting`: something is late; `halted`: no block for long;
 * `syncing`: behind the peers.
 */
export type DiagnosisState = "ok" | "waiting" | "halted" | "syncing" | "no-genesis";

/** `GET /v1/diagnosis`: what the node waits for. */
export interface DiagnosisBody {
  state: DiagnosisState;
  /** One line. */
  summary: string;
  /** The most important first. */
  findings: FindingBody[];
}

export interface FindingBody {
  /** Stable: docs/operating.md lists them. */
  code: string;
  detail: string;
  remedy: string;
}

/** What the HTTP interface needs of consensus; each part may be missing while the node starts. */
export interface ConsensusServices {
  /** What the admin routes ask for; without it they refuse everybody. */
  adminToken?: string;
  /** Whether the node makes blocks where its account is an authority. */
  mines?: boolean;
  /** Whether the account's node is known to follow the chain; `undefined`: nothing is known of it. */
  isKnownInSync?(address: Uint8Array): boolean | undefined;
  /** Why a block is final: of the lowest one at or above this height that has a proof of its own. */
  finalityProof?(height: number): Promise<FinalityProof | undefined>;
  finality?(): FinalityBody | Promise<FinalityBody> | undefined;
  /** Newest first. */
  listEvidence?(): EvidenceBody[] | Promise<EvidenceBody[]>;
  diagnosis?(): DiagnosisBody;
}
