import { linkKey } from "../consensus/index.ts";
import { maxAuthorities, type SignedFinalityVote } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { HighestIds } from "./highest-ids.ts";

/**
 * Rounds kept of one voter, its highest ones: an honest voter is in a few at once. Votes of lower rounds are checked
 * again whenever they arrive.
 */
export const maxRounds = 64;
/** Two votes prove that the voter contradicts itself. More would only cost, and it can sign any number. */
const maxVotesPerRound = 2;
/**
 * An honest voter has not just cast a vote that is further than this below its highest one: anybody can repeat such a
 * vote.
 */
export const recentRounds = 8;

/**
 * Records which votes have been accepted: two different ones of an authority for one target round. Only for votes with
 * valid signatures.
 */
export class VoteLimit {
  readonly #taken = new LruMap<Hex, HighestIds>(maxAuthorities);

  /** True if the vote was accepted, or cannot be accepted any more. */
  excludes(vote: SignedFinalityVote): boolean {
    const taken = this.#taken.get(toHex(vote.voter))?.at(vote.message.target.round) ?? new Set();
    return taken.size >= maxVotesPerRound || taken.has(linkKey(vote.message));
  }

  /** True if the vote is far below another one that its voter has signed. */
  isPast({ voter, message }: SignedFinalityVote): boolean {
    const highest = this.#taken.get(toHex(voter))?.highest ?? 0;
    return message.target.round + recentRounds <= highest;
  }

  /** Returns false if the vote was accepted meanwhile, or two others were. */
  take(vote: SignedFinalityVote): boolean {
    if (this.excludes(vote)) return false;
    const voter = toHex(vote.voter);
    const rounds = this.#taken.get(voter) ?? new HighestIds(maxRounds);
    this.#taken.set(voter, rounds);
    rounds.add(vote.message.target.round, linkKey(vote.message));
    return true;
  }
}
