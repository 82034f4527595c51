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
import { headerEvidence, voteEvidence } from "./evidence.ts";

/**
 * Slots of headers, and target rounds of votes, kept for all authorities together, each with an equal share, and the
 * least share of one: hours of the slots and rounds of a small set.
 */
export const keptSignatures = { inAll: 16_384, least: 64 };
/** Two conflicting votes in a round prove the offence; a third adds nothing. */
export const votesPerRound = 2;

/** Earlier votes that surround a new one, and that are shown with it: the others are shown with the next one. */
const maxOuter = 8;

export interface Rounds {
  /** Both are included. */
  from: number;
  to: number;
}

/** A vote that was seen. `isShown`: it surrounds another, and this was returned. */
interface SeenVote {
  vote: SignedFinalityVote;
  isShown: boolean;
}

interface Seen {
  /** Headers by slot, in the order in which they arrived. */
  headers: Map<number, { header: SignedHeader; id: Uint8Array }>;
  /** Votes by target round, in the order in which they arrived. */
  votes: Map<number, SeenVote[]>;
}

/** Two votes of one voter that contradict each other. */
export interface VoteConflict {
  /** The round of the later target, which names the offence. */
  round: number;
  /** Takes some 50 µs. */
  evidence(): Evidence | undefined;
}

/**
 * Finds conflicts among all signed headers and votes that it is given, also those of side branches. The signatures must
 * be checked, and be those of authorities.
 */
export class EquivocationWatch {
  readonly #slotMs: number;
  readonly #openRounds: () => Rounds;
  readonly #presentSlot: () => number;
  readonly #seen = new LruMap<Hex, Seen>(maxAuthorities);

  /**
   * `openRounds`: a contradiction there may change the result. Votes in other rounds are forgotten first.
   * `presentSlot`: headers of later slots are forgotten first, and those of slots long before it.
   */
  constructor(options: { slotMs: number; presentSlot: () => number; openRounds: () => Rounds }) {
    this.#slotMs = options.slotMs;
    this.#presentSlot = options.presentSlot;
    this.#openRounds = options.openRounds;
  }

  /** Returns evidence if the header conflicts with one seen before. */
  header(header: SignedHeader): Evidence | undefined {
    const { headers } = this.#of(header.message.proposer);
    const slot = slotOf(header.message.timestamp, this.#slotMs);
    const before = headers.get(slot);
    const id = rootOf(Header, header.message);
    if (!before) {
      headers.set(slot, { header, id });
      const to = this.#presentSlot();
      const from = to - this.#kept + 1;
      if (headers.size > this.#kept) headers.delete(leastUseful(headers.keys(), { from, to }));
      return undefined;
    }
    return equalBytes(before.id, id) ? undefined : headerEvidence(before.header, header, this.#slotMs);
  }

  /**
   * `isNew`: the vote is not one of the remembered ones. `conflicts`: one for each offence that it shows, and
   * `maxOuter` of those that others commit with it.
   */
  vote(vote: SignedFinalityVote): { isNew: boolean; conflicts: VoteConflict[] } {
    const { votes } = this.#of(vote.voter);
    const { round } = vote.message.target;
    const same = votes.get(round) ?? [];
    if (same.some(({ vote: { message } }) => FinalityVote.equals(message, vote.message)))
      return { isNew: false, conflicts: [] };
    const conflicts = this.#conflictsOf(vote, votes);
    if (same.length < votesPerRound) votes.set(round, [...same, { vote, isShown: false }]);
    if (votes.size > this.#kept) votes.delete(leastUseful(votes.keys(), this.#openRounds()));
    return { isNew: true, conflicts };
  }

  /** There may be thousands of votes, and thousands that surround the new one: this must take few steps for each. */
  #conflictsOf(vote: SignedFinalityVote, votes: ReadonlyMap<number, SeenVote[]>): VoteConflict[] {
    const { source, target } = vote.message;
    let twin: SeenVote | undefined;
    let inner: SeenVote | undefined;
    const outer: SeenVote[] = [];
    for (const pair of votes.values())
      for (const seen of pair) {
        const before = seen.vote.message;
        if (before.target.round === target.round) twin ??= seen;
        else if (before.target.round < target.round) {
          if (source.round < before.source.round) inner ??= seen;
        } else if (before.source.round < source.round && !seen.isShown) outer.push(seen);
      }
    const shown = this.#mostUseful(outer);
    for (const seen of shown) seen.isShown = true;
    return [...(twin ? [twin] : []), ...(inner ? [inner] : []), ...shown].map((seen) => ({
      round: Math.max(seen.vote.message.target.round, target.round),
      evidence: () => voteEvidence(seen.vote, vote),
    }));
  }

  /** Prefers votes in open rounds. */
  #mostUseful(all: readonly SeenVote[]): SeenVote[] {
    const open = this.#openRounds();
    const isOpen = ({ vote }: SeenVote) => isWithin(open, vote.message.target.round);
    return [...all.filter(isOpen), ...all.filter((seen) => !isOpen(seen))].slice(0, maxOuter);
  }

  /** The share of each authority. */
  get #kept(): number {
    return Math.max(keptSignatures.least, Math.floor(keptSignatures.inAll / this.#seen.size));
  }

  #of(authority: Uint8Array): Seen {
    const key = toHex(authority);
    let seen = this.#seen.get(key);
    if (!seen) {
      seen = { headers: new Map(), votes: new Map() };
      this.#seen.set(key, seen);
    }
    return seen;
  }
}

/** The number that came first among those that are not open; otherwise among all. */
function leastUseful(numbers: Iterable<number>, open: Rounds): number {
  let first: number | undefined;
  for (const number of numbers) {
    if (!isWithin(open, number)) return number;
    first ??= number;
  }
  return first!;
}

export function isWithin({ from, to }: Rounds, round: number): boolean {
  return round >= from && round <= to;
}
