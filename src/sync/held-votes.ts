import type { Verdict } from "../../protocols/index.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";

/** Votes of one authority that wait for blocks: an honest one is a few rounds ahead at most. */
const maxPerVoter = 8;
/** More than a third of the largest set can fill: the oldest give way. */
const maxInAll = 4096;
/** Gossipsub forgets a message that has no verdict after about five heartbeats of a second. */
const verdictMs = 3_000;

interface HeldVote {
  vote: SignedFinalityVote;
  voter: Hex;
  /** What is said of the message that brought it; later calls have no effect. */
  decide(verdict: Verdict): void;
}

/** Votes, signatures checked, whose target block is not here. They travel on only if that comes while gossip remembers them. */
export class HeldVotes {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #held = new Set<HeldVote>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Resolves when the vote is released, given up, or has waited for too long to travel on. It stays here in the last case. */
  hold(vote: SignedFinalityVote): Promise<Verdict> {
    const voter = toHex(vote.voter);
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const cancel = this.#clock.after(verdictMs, () => resolve("pardon"));
    const decide = (verdict: Verdict) => {
      cancel();
      resolve(verdict);
    };
    this.#held.add({ vote, voter, decide });
    const own = [...this.#held].filter((held) => held.voter === voter);
    if (own.length > maxPerVoter) this.#giveUp(own[0]!);
    if (this.#held.size > maxInAll) this.#giveUp(this.#held.values().next().value!);
    return promise;
  }

  /** Takes out those that wait for the block. */
  release(block: Uint8Array): HeldVote[] {
    const ready = [...this.#held].filter(({ vote }) => equalBytes(vote.message.target.block, block));
    for (const held of ready) this.#held.delete(held);
    return ready;
  }

  giveUpWhere(isUseless: (vote: SignedFinalityVote) => boolean): void {
    for (const held of this.#held) if (isUseless(held.vote)) this.#giveUp(held);
  }

  #giveUp(held: HeldVote): void {
    this.#held.delete(held);
    held.decide("pardon");
  }
}
