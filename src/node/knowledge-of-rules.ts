import type { Chain } from "../chain/chain.ts";
import type { Logger } from "../util/logger.ts";
import type { ModeMachine } from "./mode.ts";

export interface KnowledgeOfRulesOptions {
  chain: Pick<Chain, "head" | "snapshot" | "rules" | "unknownRules" | "events">;
  modes: ModeMachine;
  logger: Logger;
}

/** The remedy in words. */
export function remedyText(rules: number): string {
  return `install a release of ccoin that knows version ${rules} of the rules, and start the node with it: it continues from its data`;
}

/** The message about a chain that has continued under rules that this program does not know. */
export function leftBehindText(rules: number, known: number): string {
  return (
    `from here on the chain follows version ${rules} of the rules, and this program knows versions up to ${known}: ` +
    "the node neither signs nor follows further blocks, but serves the ones that it has"
  );
}

/**
 * Keeps the node out of mode `ready`, the only mode in which it signs, while its head enacts rules that this program
 * does not know. The node continues by itself if another branch becomes the head, or if a later program is started on
 * its data.
 */
export class KnowledgeOfRules {
  readonly #options: KnowledgeOfRulesOptions;
  readonly #stopFollowing: () => void;
  #isInStep = false;
  #hasStopped = false;
  /** The version after the head when it was last checked. */
  #rules: number;

  constructor(options: KnowledgeOfRulesOptions) {
    this.#options = options;
    this.#rules = options.chain.snapshot.parameters.rules;
    this.#stopFollowing = options.chain.events.on("head", () => this.#settle());
    this.#settle();
  }

  stop(): void {
    this.#stopFollowing();
  }

  /** To be called when blocks of a better chain begin to arrive. */
  behind(): void {
    this.#isInStep = false;
    this.#options.modes.enter("boot");
  }

  /** To be called when nobody shows a better chain any more. */
  inStep(): void {
    this.#isInStep = true;
    this.#settle();
  }

  #settle(): void {
    const { chain, modes, logger } = this.#options;
    const { unknownRules, head, rules, snapshot } = chain;
    // A block may still be imported while the node shuts down.
    if (modes.mode === "dying" || modes.mode === "dead") return;
    if (unknownRules === undefined) {
      if (snapshot.parameters.rules !== this.#rules) {
        this.#rules = snapshot.parameters.rules;
        logger.info(
          { height: head.height, rules: this.#rules },
          "the next block follows another version of the rules",
        );
      }
      this.#hasStopped = false;
      if (this.#isInStep) modes.enter("ready");
      return;
    }
    modes.enter("boot");
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    const { height } = head;
    const fields = { height, rules: unknownRules, knownRules: rules.newest };
    logger.error(
      fields,
      `STOPPED AT BLOCK ${height}: ${leftBehindText(unknownRules, rules.newest)}; ${remedyText(unknownRules)}`,
    );
  }
}
