import type { Clock } from "../util/clock.ts";

/** How long a node waits for the next body of a better chain that it was shown; longer than that chain is as good as not there. */
export const patienceMs = 4_000;

export interface StandingOptions {
  clock: Clock;
  /** Bodies of a better chain, which a majority of the authorities must have signed, are coming. */
  onBehind(): void;
  /** No peer shows a better chain, or whoever does gives no blocks of it. */
  onInStep(): void;
}

/**
 * Tracks if this node is in step with the others. A peer's mere claims do not count: a node falls behind when blocks come that a
 * majority must have signed and that are heavier than its own chain, and stays so for as long as they come.
 */
export class Standing {
  readonly #options: StandingOptions;
  #isInStep = false;
  #isStopped = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  get isInStep(): boolean {
    return this.#isInStep;
  }

  /** A node that has just started gives its peers a moment to show what they have. */
  start(): void {
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
  }

  /** A block has come, checked but for its execution, of a heavier chain that a majority must have signed. */
  delivered(): void {
    if (this.#isStopped) return;
    this.#isInStep = false;
    this.#wait();
    this.#options.onBehind();
  }

  /** Nobody is known to have anything better. */
  settled(): void {
    this.#stopTimer();
    if (this.#isInStep || this.#isStopped) return;
    this.#isInStep = true;
    this.#options.onInStep();
  }

  #wait(): void {
    this.#stopTimer();
    this.#stopTimer = this.#options.clock.after(patienceMs, () => this.settled());
  }
}
