import { linkKey } from "../consensus/index.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { HighestIds } from "./highest-ids.ts";

/** One of each authority of the largest set. */
const maxVoters = 1024;
/** Rounds kept of one voter, its highest: an honest one is in a few at once. Votes of lower ones are checked again whenever they come. */
const maxRounds = 64;
/** Two prove that the voter contradicts itself; more would only cost, and it can sign any number. */
const maxVotesPerRound = 2;
/** A vote further than this below its voter's highest is none that an honest voter has just cast: anybody can repeat it. */
const recentRounds = 8;

/** Which votes have been taken in: two different ones of one authority for one target round. For votes whose signature is right. */
export class VoteLimit {
  readonly #taken = new LruMap<Hex, HighestIds>(maxVoters);

  /** True if the vote was taken in, or cannot be any more. */
  excludes(vote: SignedFinalityVote): boolean {
    const taken = this.#taken.get(toHex(vote.voter))?.at(vote.message.target.round) ?? new Set();
    return taken.size >= maxVotesPerRound || taken.has(linkKey(vote.message));
  }

  /** True if the vote is far below another that its voter has signed. */
  isPast({ voter, message }: SignedFinalityVote): boolean {
    const highest = this.#taken.get(toHex(voter))?.highest ?? 0;
    return message.target.round + recentRounds <= highest;
  }

  /** Returns false if the vote was taken in meanwhile, or two others were. */
  take(vote: SignedFinalityVote): boolean {
    if (this.excludes(vote)) return false;
    const voter = toHex(vote.voter);
    const rounds = this.#taken.get(voter) ?? new HighestIds(maxRounds);
    this.#taken.set(voter, rounds);
    rounds.add(vote.message.target.round, linkKey(vote.message));
    return true;
  }
}
