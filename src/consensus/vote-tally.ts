import type { Certificate, FinalityVote, SignedFinalityVote } from "../types/index.ts";
import { compareBytes, type Hex, toHex } from "../util/bytes.ts";
import { linkKey } from "./finality.ts";

/** Votes kept of one voter. An honest one has one per round, and only those of the newest rounds matter. */
const maxVotesPerVoter = 32;

/**
 * Finality votes by voter and by link. Votes are checked before they are added: each voter is in the set of its vote's
 * target, so all votes for a link count, and nobody has to look for the voters among the authorities.
 */
export class VoteTally {
  readonly #byVoter = new Map<Hex, SignedFinalityVote[]>();
  readonly #byLink = new Map<Hex, Map<Hex, SignedFinalityVote>>();

  /** True if this voter's vote for this link was added. */
  has({ message, voter }: SignedFinalityVote): boolean {
    return this.#byLink.get(linkKey(message))?.has(toHex(voter)) ?? false;
  }

  add(vote: SignedFinalityVote): void {
    if (this.has(vote)) return;
    const voter = toHex(vote.voter);
    const votes = [...(this.#byVoter.get(voter) ?? []), vote].sort((a, b) => targetRound(a) - targetRound(b));
    this.#byVoter.set(voter, votes);
    const key = linkKey(vote.message);
    const link = this.#byLink.get(key) ?? new Map<Hex, SignedFinalityVote>();
    this.#byLink.set(key, link.set(voter, vote));
    if (votes.length > maxVotesPerVoter) this.#remove(votes[0]!);
  }

  /** The number of authorities that have signed this link. */
  count(link: FinalityVote): number {
    return this.#byLink.get(linkKey(link))?.size ?? 0;
  }

  votesFor(link: FinalityVote): SignedFinalityVote[] {
    return [...(this.#byLink.get(linkKey(link))?.values() ?? [])];
  }

  /** Deletes the votes for targets below `round`. */
  prune(round: number): void {
    for (const votes of [...this.#byVoter.values()]) {
      for (const vote of votes) if (targetRound(vote) < round) this.#remove(vote);
    }
  }

  /** `vote` is one of those that were added. */
  #remove(vote: SignedFinalityVote): void {
    const voter = toHex(vote.voter);
    const rest = this.#byVoter.get(voter)!.filter((other) => other !== vote);
    if (rest.length > 0) this.#byVoter.set(voter, rest);
    else this.#byVoter.delete(voter);
    const key = linkKey(vote.message);
    const link = this.#byLink.get(key)!;
    link.delete(voter);
    if (link.size === 0) this.#byLink.delete(key);
  }
}

function targetRound(vote: SignedFinalityVote): number {
  return vote.message.target.round;
}

/** The votes in a certificate. */
export function votesOf({ link, voters, signatures }: Certificate): SignedFinalityVote[] {
  return voters.map((voter, index) => ({ message: link, voter, signature: signatures[index]! }));
}

/** The votes for one link as a proof. */
export function certificateOf(link: FinalityVote, votes: readonly SignedFinalityVote[]): Certificate {
  const sorted = [...votes].sort((a, b) => compareBytes(a.voter, b.voter));
  return {
    link,
    voters: sorted.map(({ voter }) => voter),
    signatures: sorted.map(({ signature }) => signature),
  };
}
