import type { SignedFinalityVote } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";

/** The newest vote of each authority, whether or not it can be counted: its round is one that the voter has reached. */
export class RoundWatch {
  readonly #newest = new Map<Hex, SignedFinalityVote>();

  /** `vote`: an authority's, its signature checked. */
  add(vote: SignedFinalityVote): void {
    if (vote.message.target.round > this.roundOf(vote.voter)) this.#newest.set(toHex(vote.voter), vote);
  }

  /** 0: no vote of it is known. */
  roundOf(voter: Uint8Array): number {
    return this.#newest.get(toHex(voter))?.message.target.round ?? 0;
  }

  rounds(authorities: readonly Uint8Array[]): number[] {
    return authorities.map((authority) => this.roundOf(authority));
  }

  /** Of the sources of these votes. */
  sources(authorities: readonly Uint8Array[]): number[] {
    return authorities.map((authority) => this.voteOf(authority)?.message.source.round ?? 0);
  }

  voteOf(voter: Uint8Array): SignedFinalityVote | undefined {
    return this.#newest.get(toHex(voter));
  }

  votes(): SignedFinalityVote[] {
    return [...this.#newest.values()];
  }

  /** Forgets the votes for targets below `round`. */
  prune(round: number): void {
    for (const [voter, { message }] of this.#newest)
      if (message.target.round < round) this.#newest.delete(voter);
  }
}
