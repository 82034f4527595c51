import type { Address } from "../crypto/address.ts";
import type { HeardRounds } from "./doubt.ts";

export interface HeaderSigning {
  slot: number;
  /** 32 bytes of `signingRoot`. */
  root: Uint8Array;
}

export interface VoteSigning {
  sourceRound: number;
  targetRound: number;
  root: Uint8Array;
}

/** Signs for one account what contradicts nothing that it ever signed; the rest is refused. One for an account in a process. */
export interface ProtectedSigner {
  readonly publicKey: Uint8Array;
  readonly address: Address;
  /** Slot of the newest header. -1: none. */
  readonly lastHeaderSlot: number;
  readonly lastSourceRound: number;
  /** Target round of the newest vote. */
  readonly lastTargetRound: number;
  /** Up to here no new vote is signed: `lastTargetRound`, or more where older data was put back. */
  readonly refusedToRound: number;
  /** Why nothing is signed at the moment. */
  readonly doubt: { headers: boolean; votes: boolean; reason: string } | undefined;
  /** The first slot from this one on in which a new header may be signed. */
  freeSlotFrom(slot: number): number;
  /** Resolves once what is signed is on disk. @throws {SigningError} `SLASHABLE_HEADER`, `SIGNING_DOUBTFUL`; errors of the store */
  signHeader(header: HeaderSigning): Promise<Uint8Array>;
  /** Records the vote, then signs it. @throws {SigningError} `SLASHABLE_VOTE`, `SIGNING_DOUBTFUL` */
  signFinalityVote(vote: VoteSigning): Promise<Uint8Array>;
  /** How far finality is: ends the doubt about votes once enough of the others have signed since it began. */
  hearRounds(heard: HeardRounds): void;
  /** This account's valid signature came from elsewhere: by gossip, in a block, in a certificate. */
  observeHeader(header: HeaderSigning): Promise<void>;
  /**
   * `votedAfterMs`: timestamp of the block voted for, where it is known. A vote that was signed after the start of this process is another
   * copy's, and ends signing; an older one is a reason to doubt, whenever it comes.
   */
  observeVote(vote: VoteSigning, votedAfterMs?: number): Promise<void>;
  /** Forgets entries below finalized ones; the limits above stay. */
  prune(below: { slot: number; targetRound: number }): Promise<void>;
}
