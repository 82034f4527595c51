import { RateLimiter } from "../../protocols/index.ts";
import { minRoundTimeoutMs, targetSpacing } from "../consensus/index.ts";
import type { PeerId } from "../network/types.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";

/** Votes of one authority in a burst: the votes that it signed while it was disconnected arrive at once. */
const voteBurst = 64;
/** Votes checked beyond that, of all authorities together. They are still evidence, but not at any price. */
const surplusQuota = { requests: 1_000, perMs: 2_000 };
/**
 * Requests for blocks and certificates that the votes of one authority name, and of all of them to one peer: a part of
 * the protocols' quotas.
 */
export const errandQuota = { requests: 8, perMs: 8_000 };
const errandsPerPeer = { requests: 20, perMs: 10_000 };

/**
 * The voter's account that pays for a vote. `current`: votes that only the voter can produce, each once. `past`: votes
 * that anybody can repeat, as often as it likes.
 */
export type VoteAccount = "current" | "past";

/**
 * Limits the cost of an authority's votes. Everything is charged when the signature has been checked, and repeated
 * votes are charged to a separate account, so that nobody can use up what another's votes need.
 */
export class VoterAccounts {
  readonly #limiter: RateLimiter;
  readonly #voteQuota: { requests: number; perMs: number };

  constructor(clock: Clock, slotMs: number) {
    this.#limiter = new RateLimiter(clock);
    this.#voteQuota = voteQuota(slotMs);
  }

  /**
   * True if a vote that claims this voter may be checked; false while the account and the remaining share for all are
   * used up.
   */
  mayCheck({ voter }: SignedFinalityVote, account: VoteAccount): boolean {
    const isCovered = this.#limiter.delayMs(`${account} votes ${toHex(voter)}`, this.#voteQuota) === 0;
    return isCovered || this.#limiter.delayMs("surplus", surplusQuota) === 0;
  }

  /**
   * Charges a vote with a valid signature. Returns false if its voter has used up its account: the vote is then
   * evidence at most.
   */
  chargeVote({ voter }: SignedFinalityVote, account: VoteAccount): boolean {
    if (this.#limiter.take(`${account} votes ${toHex(voter)}`, this.#voteQuota)) return true;
    this.#limiter.take("surplus", surplusQuota);
    return false;
  }

  /** Charges a request to `peer` for what a vote names. Returns false if it must not be made. */
  chargeErrand(kind: "block" | "certificate", { voter }: SignedFinalityVote, peer: PeerId): boolean {
    const account = `${kind} ${toHex(voter)}`;
    const ofPeer = `${kind} from ${peer}`;
    if (this.#limiter.delayMs(account, errandQuota) > 0) return false;
    return this.#limiter.take(ofPeer, errandsPerPeer) && this.#limiter.take(account, errandQuota);
  }
}

/** An honest authority signs two votes for a target, and one at each time-out of a round. */
export function voteQuota(slotMs: number) {
  const everyMs = Math.min((targetSpacing(slotMs) * slotMs) / 4, minRoundTimeoutMs / 2);
  return { requests: voteBurst, perMs: voteBurst * everyMs };
}
