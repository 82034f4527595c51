import type { SignedFinalityVote } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { RoundRanking } from "./round-ranking.ts";

/** Sets whose rounds are kept in order: that of the head, and that of this authority's newest vote. */
const keptSets = 4;

/** The members of a set, and the rounds of their newest votes. */
interface RankedSet {
  members: ReadonlySet<Hex>;
  targets: RoundRanking;
  sources: RoundRanking;
}

/** The newest vote of each authority, whether or not it can be counted: the voter has reached its round. */
export class RoundWatch {
  readonly #newest = new Map<Hex, SignedFinalityVote>();
  /** The sets by their lists, which snapshots share for as long as the set stays the same. */
  readonly #sets = new LruMap<readonly Uint8Array[], RankedSet>(keptSets);

  /** `vote` is an authority's, and its signature was checked. */
  add(vote: SignedFinalityVote): void {
    const voter = toHex(vote.voter);
    const before = this.#newest.get(voter);
    if (vote.message.target.round <= targetRound(before)) return;
    this.#newest.set(voter, vote);
    for (const { members, targets, sources } of this.#sets.values()) {
      if (!members.has(voter)) continue;
      targets.move(targetRound(before), targetRound(vote));
      sources.move(sourceRound(before), sourceRound(vote));
    }
  }

  /** The round of the voter's newest vote; 0 if no vote of it is known. */
  roundOf(voter: Uint8Array): number {
    return targetRound(this.voteOf(voter));
  }

  /** The rounds that these authorities have reached: those of their newest votes, 0 if none is known. */
  targets(authorities: readonly Uint8Array[]): RoundRanking {
    return this.#ranked(authorities).targets;
  }

  /** The rounds of the sources of their newest votes. */
  sources(authorities: readonly Uint8Array[]): RoundRanking {
    return this.#ranked(authorities).sources;
  }

  voteOf(voter: Uint8Array): SignedFinalityVote | undefined {
    return this.#newest.get(toHex(voter));
  }

  votes(): SignedFinalityVote[] {
    return [...this.#newest.values()];
  }

  /** Deletes the votes for targets below `round`. */
  prune(round: number): void {
    const before = this.#newest.size;
    for (const [voter, vote] of this.#newest) if (targetRound(vote) < round) this.#newest.delete(voter);
    if (this.#newest.size < before) this.#sets.clear();
  }

  /** The ranking of a set. It is sorted once, and then kept in order vote by vote. */
  #ranked(authorities: readonly Uint8Array[]): RankedSet {
    const known = this.#sets.get(authorities);
    if (known) return known;
    const members = authorities.map((authority) => toHex(authority));
    const votes = members.map((member) => this.#newest.get(member));
    const ranked = {
      members: new Set(members),
      targets: new RoundRanking(votes.map(targetRound)),
      sources: new RoundRanking(votes.map(sourceRound)),
    };
    this.#sets.set(authorities, ranked);
    return ranked;
  }
}

function targetRound(vote: SignedFinalityVote | undefined): number {
  return vote?.message.target.round ?? 0;
}

function sourceRound(vote: SignedFinalityVote | undefined): number {
  return vote?.message.source.round ?? 0;
}
