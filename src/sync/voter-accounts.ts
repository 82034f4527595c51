import { type PeerId, RateLimiter } from "../../protocols/index.ts";
import { minRoundTimeoutMs, targetSpacing } from "../consensus/index.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";

/** Votes of one authority in a burst: what it has signed while apart from others comes at once. */
const voteBurst = 64;
/** Checked beyond that, of all authorities together: what they sign is still evidence, but not at any price. */
const surplusQuota = { requests: 1_000, perMs: 2_000 };
/** Requests for what the votes of one authority name, and of all of them to one peer: a part of the protocols' quotas. */
const errandQuota = { requests: 8, perMs: 8_000 };
const errandsPerPeer = { requests: 20, perMs: 10_000 };

/**
 * Which account of its voter pays for a vote. `current`: those that only the voter can bring about, each once. `past`: what anybody can
 * repeat, as often as it likes.
 */
export type VoteAccount = "current" | "past";

/**
 * Limits the cost of an authority's votes. Everything is charged when the signature has been checked, and repeated votes to an account
 * of their own: nobody can spend what another's votes need.
 */
export class VoterAccounts {
  readonly #limiter: RateLimiter;
  readonly #voteQuota: { requests: number; perMs: number };

  constructor(clock: Clock, periodMs: number) {
    this.#limiter = new RateLimiter(clock);
    // An honest authority signs two votes for a target, and one each time that a round's time runs out.
    const everyMs = Math.min((targetSpacing(periodMs) * periodMs) / 4, minRoundTimeoutMs / 2);
    this.#voteQuota = { requests: voteBurst, perMs: voteBurst * everyMs };
  }

  /** True if a vote that claims this voter may be checked; false while the account and the share left over for all are used up. */
  mayCheck({ voter }: SignedFinalityVote, account: VoteAccount): boolean {
    const isCovered = this.#limiter.delayMs(`${account} votes ${toHex(voter)}`, this.#voteQuota) === 0;
    return isCovered || this.#limiter.delayMs("surplus", surplusQuota) === 0;
  }

  /** Charges a vote whose signature is right. False if its voter has used up its account: the vote is evidence at most. */
  chargeVote({ voter }: SignedFinalityVote, account: VoteAccount): boolean {
    if (this.#limiter.take(`${account} votes ${toHex(voter)}`, this.#voteQuota)) return true;
    this.#limiter.take("surplus", surplusQuota);
    return false;
  }

  /** Charges a request to `peer` for what a vote names. False if it is not to be made. */
  chargeErrand(kind: "block" | "certificate", { voter }: SignedFinalityVote, peer: PeerId): boolean {
    const account = `${kind} ${toHex(voter)}`;
    const ofPeer = `${kind} from ${peer}`;
    if (this.#limiter.delayMs(account, errandQuota) > 0) return false;
    return this.#limiter.take(ofPeer, errandsPerPeer) && this.#limiter.take(account, errandQuota);
  }
}
