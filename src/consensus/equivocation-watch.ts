import {
  type Evidence,
  FinalityVote,
  Header,
  maxAuthorities,
  rootOf,
  type SignedFinalityVote,
  type SignedHeader,
  slotOf,
} from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { headerEvidence, voteEvidence, voteOffence } from "./evidence.ts";

/** Headers kept for one authority. A conflicting header comes soon, or with the branch that it is on. */
export const keptHeaders = 64;
/**
 * Target rounds kept for all authorities together, each with an equal share, and the least share of one: hours of the
 * rounds of a small set.
 */
export const keptRounds = { inAll: 16_384, least: 64 };
/** Two conflicting votes in a round prove the offence; a third adds nothing. */
export const votesPerRound = 2;

interface Seen {
  /** Headers by slot. */
  headers: LruMap<number, { header: SignedHeader; id: Uint8Array }>;
  /** Votes by target round, in the order in which they arrived. */
  votes: Map<number, SignedFinalityVote[]>;
}

/**
 * Finds conflicts among all signed headers and votes that it is given, also those of side branches. The signatures must
 * be checked, and be those of authorities.
 */
export class EquivocationWatch {
  readonly #slotMs: number;
  readonly #isOpen: ((round: number) => boolean) | undefined;
  readonly #seen = new LruMap<Hex, Seen>(maxAuthorities);

  /** `isOpen`: a contradiction in the round may give another result, so votes in other rounds are forgotten first. */
  constructor(options: { slotMs: number; isOpen?: (round: number) => boolean }) {
    this.#slotMs = options.slotMs;
    this.#isOpen = options.isOpen;
  }

  /** Returns evidence if the header conflicts with one seen before. */
  header(header: SignedHeader): Evidence | undefined {
    const { headers } = this.#of(header.message.proposer);
    const slot = slotOf(header.message.timestamp, this.#slotMs);
    const before = headers.get(slot);
    const id = rootOf(Header, header.message);
    if (!before) {
      headers.set(slot, { header, id });
      return undefined;
    }
    return equalBytes(before.id, id) ? undefined : headerEvidence(before.header, header, this.#slotMs);
  }

  /** `isNew`: the vote is not one of the remembered ones. `evidence`: one piece for each offence that it shows. */
  vote(vote: SignedFinalityVote): { isNew: boolean; evidence: Evidence[] } {
    const { votes } = this.#of(vote.voter);
    const { round } = vote.message.target;
    const same = votes.get(round) ?? [];
    if (same.some(({ message }) => FinalityVote.equals(message, vote.message)))
      return { isNew: false, evidence: [] };
    const found = new Map<string, Evidence>();
    for (const before of [...votes.values()].flat()) {
      const offence = voteOffence(before.message, vote.message);
      if (!offence) continue;
      // The later target names the offence: an outer vote that surrounds many is one offence.
      const key = `${offence} ${Math.max(before.message.target.round, round)}`;
      const evidence = found.has(key) ? undefined : voteEvidence(before, vote);
      if (evidence) found.set(key, evidence);
    }
    if (same.length < votesPerRound) votes.set(round, [...same, vote]);
    const kept = Math.max(keptRounds.least, Math.floor(keptRounds.inAll / this.#seen.size));
    if (votes.size > kept) votes.delete(this.#leastUseful(votes.keys()));
    return { isNew: true, evidence: [...found.values()] };
  }

  /** The round that came first among those that are not open; otherwise among all. */
  #leastUseful(rounds: Iterable<number>): number {
    const all = [...rounds];
    return all.find((round) => !this.#isOpen?.(round)) ?? all[0]!;
  }

  #of(authority: Uint8Array): Seen {
    const key = toHex(authority);
    let seen = this.#seen.get(key);
    if (!seen) {
      seen = { headers: new LruMap(keptHeaders), votes: new Map() };
      this.#seen.set(key, seen);
    }
    return seen;
  }
}
