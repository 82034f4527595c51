import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Chain } from "./chain.ts";
import type { Finalizer } from "./finalizer.ts";

/** Signs finality votes; refuses those that could be slashed. */
export interface VoteSigner {
  publicKey: Uint8Array;
  /** The highest source round of all signed votes. */
  lastSourceRound: number;
  /** The target round of the last signed vote, in this process or an earlier one; 0 if there was none. */
  lastTargetRound: number;
  /** The round up to which no new vote is signed: `lastTargetRound`, or more after older data was restored. */
  refusedToRound: number;
  signFinalityVote(vote: { sourceRound: number; targetRound: number; root: Uint8Array }): Promise<Uint8Array>;
}

export interface VoterOptions {
  chain: Chain;
  finalizer: Finalizer;
  clock: Clock;
  logger: Logger;
  /** The account of this signer votes while it is an authority. */
  signer: VoteSigner;
}
