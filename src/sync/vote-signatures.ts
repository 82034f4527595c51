import { areSigned } from "../chain/vote-check.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";

/**
 * The votes of a larger set are checked on other threads. On the main thread a whole round of a smaller set takes a
 * millisecond.
 */
const smallSet = 16;
/** The votes of a larger set arrive one by one. One waits this long for others that go to the threads with it. */
const gatherMs = 10;

interface Waiting {
  vote: SignedFinalityVote;
  decide(verdict: Promise<boolean>): void;
}

/**
 * Checks the signatures of votes that arrive one by one. Those of a large set are checked in batches, on other threads.
 */
export class VoteSignatures {
  readonly #options: { clock: Clock; genesisId: Uint8Array; verify: Verify };
  readonly #setSize: () => number;
  #waiting: Waiting[] = [];

  constructor(options: { clock: Clock; genesisId: Uint8Array; verify: Verify; setSize(): number }) {
    this.#options = options;
    this.#setSize = () => options.setSize();
  }

  async isSigned(vote: SignedFinalityVote): Promise<boolean> {
    if (this.#setSize() > smallSet) return this.#gather(vote);
    const [valid] = await areSigned([vote], this.#options);
    return valid === true;
  }

  #gather(vote: SignedFinalityVote): Promise<boolean> {
    if (this.#waiting.length === 0) this.#options.clock.after(gatherMs, () => this.#checkAll());
    return new Promise((decide) => this.#waiting.push({ vote, decide }));
  }

  #checkAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const verdicts = areSigned(
      waiting.map(({ vote }) => vote),
      this.#options,
      "threads",
    );
    for (const [index, { decide }] of waiting.entries())
      decide(verdicts.then((valid) => valid[index] === true));
  }
}
