import type { Verdict } from "../network/types.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";

/** Votes of one authority that wait for blocks: an honest one is at most a few rounds ahead. */
export const maxPerVoter = 8;
/** More than a third of the largest set can fill. Beyond it the oldest give way. */
const maxInAll = 4096;
/** gossipsub forgets a message that has no verdict after about five heartbeats of a second. */
export const verdictMs = 3_000;

interface HeldVote {
  vote: SignedFinalityVote;
  /** Decides on the message that brought it; later calls have no effect. */
  decide(verdict: Verdict): void;
}

/**
 * Votes with checked signatures whose target block is not here. They are forwarded only if the block arrives while
 * gossip remembers them.
 */
export class HeldVotes {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #held = new Set<HeldVote>();
  /** The same votes by voter, so that finding one does not search those of others. */
  readonly #byVoter = new Map<Hex, Set<HeldVote>>();
  readonly #byBlock = new Map<Hex, Set<HeldVote>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when the vote is released, given up, or has waited too long to be forwarded. In the last case the vote
   * stays here.
   */
  hold(vote: SignedFinalityVote): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const cancel = this.#clock.after(verdictMs, () => resolve("pardon"));
    const decide = (verdict: Verdict) => {
      cancel();
      resolve(verdict);
    };
    const held = { vote, decide };
    const { voter, block } = keysOf(held);
    const own = addTo(this.#byVoter, voter, held);
    addTo(this.#byBlock, block, held);
    this.#held.add(held);
    if (own.size > maxPerVoter) this.#giveUp(oldest(own));
    if (this.#held.size > maxInAll) this.#giveUp(oldest(this.#held));
    return promise;
  }

  /** Removes and returns the votes that wait for the block. */
  release(block: Uint8Array): HeldVote[] {
    const ready = [...(this.#byBlock.get(toHex(block)) ?? [])];
    for (const held of ready) this.#remove(held);
    return ready;
  }

  giveUpWhere(isUseless: (vote: SignedFinalityVote) => boolean): void {
    for (const held of this.#held) if (isUseless(held.vote)) this.#giveUp(held);
  }

  #giveUp(held: HeldVote): void {
    this.#remove(held);
    held.decide("pardon");
  }

  #remove(held: HeldVote): void {
    const { voter, block } = keysOf(held);
    this.#held.delete(held);
    removeFrom(this.#byVoter, voter, held);
    removeFrom(this.#byBlock, block, held);
  }
}

function keysOf({ vote }: HeldVote): { voter: Hex; block: Hex } {
  return { voter: toHex(vote.voter), block: toHex(vote.message.target.block) };
}

function addTo(index: Map<Hex, Set<HeldVote>>, key: Hex, held: HeldVote): Set<HeldVote> {
  const entries = index.get(key) ?? new Set();
  index.set(key, entries.add(held));
  return entries;
}

function removeFrom(index: Map<Hex, Set<HeldVote>>, key: Hex, held: HeldVote): void {
  const entries = index.get(key)!;
  entries.delete(held);
  if (entries.size === 0) index.delete(key);
}

function oldest(entries: Set<HeldVote>): HeldVote {
  return entries.values().next().value!;
}
