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

  votesOf(authorities: readonly Uint8Array[]): SignedFinalityVote[] {
    return authorities.flatMap((authority) => this.#newest.get(toHex(authority)) ?? []);
  }
}
