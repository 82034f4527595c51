import type { Address } from "../crypto/address.ts";
import type { HeardRounds } from "./doubtful-votes.ts";

export interface HeaderSigning {
  slot: number;
  /** The 32 bytes of `signingRoot`. */
  root: Uint8Array;
}

export interface VoteSigning {
  sourceRound: number;
  targetRound: number;
  root: Uint8Array;
}

/**
 * Signs for one account, and refuses everything that contradicts what the account ever signed. A process has one
 * instance per account.
 */
export interface ProtectedSigner {
  readonly publicKey: Uint8Array;
  readonly address: Address;
  readonly lastSourceRound: number;
  /** The target round of the newest vote. */
  readonly lastTargetRound: number;
  /** The round up to which no new vote is signed: `lastTargetRound`, or more after older data was restored. */
  readonly refusedToRound: number;
  /** The reason for which nothing is signed at the moment; `isFinal` if that lasts until the process ends. */
  readonly doubt: { headers: boolean; votes: boolean; reason: string; isFinal: boolean } | undefined;
  /** The first slot from `slot` on in which a new header may be signed. */
  freeSlotFrom(slot: number): number;
  /**
   * Resolves once the record of the signature is on disk. @throws {SigningError} `SLASHABLE_HEADER`,
   * `SIGNING_DOUBTFUL`; errors of the store
   */
  signHeader(header: HeaderSigning): Promise<Uint8Array>;
  /** Records the vote, then signs it. @throws {SigningError} `SLASHABLE_VOTE`, `SIGNING_DOUBTFUL` */
  signFinalityVote(vote: VoteSigning): Promise<Uint8Array>;
  /**
   * Reports the progress of finality. The doubt about votes ends once enough of the others have signed since it began.
   */
  hearRounds(heard: HeardRounds): void;
  /** Reports a valid signature of this account that came from elsewhere: by gossip, in a block, in a certificate. */
  observeHeader(header: HeaderSigning): Promise<void>;
  /**
   * `votedAfterMs` is the timestamp of the block voted for, if it is known. A vote that was signed after the start of
   * this process is from another copy and ends signing. An older one is a reason to doubt, whenever it arrives.
   */
  observeVote(vote: VoteSigning, votedAfterMs?: number): Promise<void>;
  /** Deletes entries below finalized ones; the limits above stay. */
  prune(below: { slot: number; targetRound: number }): Promise<void>;
}
