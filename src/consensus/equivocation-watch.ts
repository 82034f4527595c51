import {
  type Evidence,
  FinalityVote,
  Header,
  rootOf,
  type SignedFinalityVote,
  type SignedHeader,
  slotOf,
} from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { headerEvidence, voteEvidence, voteOffence } from "./evidence.ts";

/** As many as there can be at once. */
const maxAuthorities = 1024;
/** Headers of one authority: the conflicting one comes soon, or with the branch that it is on. */
const keptHeaders = 64;
/** Target rounds of all authorities together, each with an equal share, and the least of one: hours of the rounds of a small set. */
const keptRounds = { inAll: 16_384, least: 64 };
/** Two conflicting votes a round prove the offence; a third adds nothing. */
const votesPerRound = 2;

interface Seen {
  /** By slot. */
  headers: LruMap<number, { header: SignedHeader; id: Uint8Array }>;
  /** By target round, in the order they came in. */
  votes: Map<number, SignedFinalityVote[]>;
}

/** Finds conflicts among all signed headers and votes that it is shown, those of side branches too. Only checked signatures of authorities. */
export class EquivocationWatch {
  readonly #slotMs: number;
  readonly #seen = new LruMap<Hex, Seen>(maxAuthorities);

  constructor(options: { slotMs: number }) {
    this.#slotMs = options.slotMs;
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

  /** `isNew`: the vote is not one of those that are remembered. `evidence`: one for each offence that it shows. */
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
      // The offence is named by the later target: an outer vote that surrounds many is one.
      const key = `${offence} ${Math.max(before.message.target.round, round)}`;
      const evidence = found.has(key) ? undefined : voteEvidence(before, vote);
      if (evidence) found.set(key, evidence);
    }
    if (same.length < votesPerRound) votes.set(round, [...same, vote]);
    const kept = Math.max(keptRounds.least, Math.floor(keptRounds.inAll / this.#seen.size));
    if (votes.size > kept) votes.delete(votes.keys().next().value as number);
    return { isNew: true, evidence: [...found.values()] };
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
