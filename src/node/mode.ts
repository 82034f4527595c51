import { Emitter } from "../util/emitter.ts";
import type { Logger } from "../util/logger.ts";

export type Mode = "genesis" | "boot" | "ready" | "dying" | "dead";

/** From each mode, the ones that may follow. */
export const transitions: Record<Mode, readonly Mode[]> = {
  /** Has made the genesis block and announces it; it may meet peers that went on with it while this node was away. */
  genesis: ["ready", "boot", "dead"],
  /** Looks for a genesis, or downloads a better chain. */
  boot: ["ready", "dying", "dead"],
  /** In step with the best known peer; an authority makes blocks. */
  ready: ["boot", "dead"],
  /** No genesis was found in time. */
  dying: ["dead"],
  /** Every port and file is closed, or about to be. */
  dead: [],
};

/** The mode of a node; it changes along `transitions` only. */
export class ModeMachine {
  readonly events: Emitter<{ mode: Mode }>;
  #mode: Mode;

  constructor(initial: Mode, logger: Logger) {
    this.events = new Emitter(logger);
    this.#mode = initial;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Staying is no transition. @throws {Error} where the table has no such transition. */
  enter(mode: Mode): void {
    if (mode === this.#mode) return;
    if (!transitions[this.#mode].includes(mode))
      throw new Error(`no transition from ${this.#mode} to ${mode}`);
    this.#mode = mode;
    this.events.emit("mode", mode);
  }
}
