import { FinalityVote, rootOf, type SignedFinalityVote } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";

/** One of each authority of the largest set. */
const maxVoters = 1024;
/** Of one voter: an honest one is in a few at once; what is forgotten is checked again at the voter's expense. */
const maxRounds = 64;
/** Two prove that the voter contradicts itself; more would only cost, and it can sign any number. */
const maxVotesPerRound = 2;

/** Which votes have been taken in: two different ones of one authority for one target round. For votes whose signature is right. */
export class VoteLimit {
  readonly #taken = new LruMap<Hex, LruMap<number, Hex[]>>(maxVoters);

  /** Whether the vote was taken in, or cannot be any more. */
  excludes(vote: SignedFinalityVote): boolean {
    const taken = this.#of(vote);
    return taken.length >= maxVotesPerRound || taken.includes(rootHex(vote));
  }

  /** Returns false if the vote was taken in meanwhile, or two others were. */
  take(vote: SignedFinalityVote): boolean {
    if (this.excludes(vote)) return false;
    const voter = toHex(vote.voter);
    const rounds = this.#taken.get(voter) ?? new LruMap<number, Hex[]>(maxRounds);
    rounds.set(vote.message.target.round, [...this.#of(vote), rootHex(vote)]);
    this.#taken.set(voter, rounds);
    return true;
  }

  #of({ voter, message }: SignedFinalityVote): Hex[] {
    return this.#taken.get(toHex(voter))?.get(message.target.round) ?? [];
  }
}

function rootHex({ message }: SignedFinalityVote): Hex {
  return toHex(rootOf(FinalityVote, message));
}
