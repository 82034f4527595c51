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
import { headerEvidence, voteEvidence } from "./evidence.ts";

/** As many as there can be at once. */
const maxAuthorities = 1024;
/** Of one authority: the conflicting one comes soon, or with the branch that it is on. */
const keptPerAuthority = 64;

interface Seen {
  /** By slot. */
  headers: LruMap<number, { header: SignedHeader; id: Uint8Array }>;
  /** By target round, oldest first. */
  votes: Map<number, SignedFinalityVote>;
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

  vote(vote: SignedFinalityVote): Evidence | undefined {
    const { votes } = this.#of(vote.voter);
    const same = votes.get(vote.message.target.round);
    if (same && FinalityVote.equals(same.message, vote.message)) return undefined;
    for (const before of votes.values()) {
      const evidence = voteEvidence(before, vote);
      if (evidence) return evidence;
    }
    votes.set(vote.message.target.round, vote);
    if (votes.size > keptPerAuthority) votes.delete(votes.keys().next().value as number);
    return undefined;
  }

  #of(authority: Uint8Array): Seen {
    const key = toHex(authority);
    let seen = this.#seen.get(key);
    if (!seen) {
      seen = { headers: new LruMap(keptPerAuthority), votes: new Map() };
      this.#seen.set(key, seen);
    }
    return seen;
  }
}
