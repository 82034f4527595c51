import type { Clock } from "../util/clock.ts";

/**
 * The time for which a node waits for the next body of a better chain that it was shown. If it takes longer, the chain
 * counts as not available.
 */
export const patienceMs = 4_000;

export interface StandingOptions {
  clock: Clock;
  /** Bodies of a better chain, which a majority of the authorities must have signed, are arriving. */
  onBehind(): void;
  /** No peer shows a better chain, or its peer delivers no blocks of it. */
  onInStep(): void;
}

/**
 * Tracks whether this node is in step with the others. Mere claims of peers do not count: a node falls behind when
 * blocks arrive that a majority must have signed and that are heavier than its own chain, and stays behind for as long
 * as they arrive.
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

  /**
   * A block of a heavier chain that a majority must have signed has arrived, and was checked except for its execution.
   */
  delivered(): void {
    if (this.#isStopped) return;
    this.#isInStep = false;
    this.#wait();
    this.#options.onBehind();
  }

  /** No peer is known to have anything better. */
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
