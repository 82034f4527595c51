import { Emitter } from "../util/emitter.ts";
import type { Logger } from "../util/logger.ts";

export type Mode = "genesis" | "boot" | "ready" | "dying" | "dead";

/** For each mode, the modes that may follow. */
export const transitions: Record<Mode, readonly Mode[]> = {
  /**
   * The node has made the genesis block and announces it. It may meet peers that continued the chain while it was away.
   */
  genesis: ["ready", "boot", "dead"],
  /** The node looks for a genesis block, or downloads a better chain. */
  boot: ["ready", "dying", "dead"],
  /** The node is in step with the best known peer; an authority makes blocks. */
  ready: ["boot", "dead"],
  /** No genesis block was found in time. */
  dying: ["dead"],
  /** Every port and file is closed, or about to be. */
  dead: [],
};

/** The mode of a node. It changes only along `transitions`. */
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

  /** Entering the present mode changes nothing. @throws {Error} if the table has no such transition. */
  enter(mode: Mode): void {
    if (mode === this.#mode) return;
    if (!transitions[this.#mode].includes(mode))
      throw new Error(`no transition from ${this.#mode} to ${mode}`);
    this.#mode = mode;
    this.events.emit("mode", mode);
  }
}
