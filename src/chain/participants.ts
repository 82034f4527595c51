import type { StateReader } from "../state/index.ts";
import type { Prepared } from "../storage/database.ts";
import type { BlockRef } from "../types/index.ts";
import { failProcess, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { HeadChange } from "./types.ts";

/**
 * A part of the node whose data changes together with the chain's. Its writes go to disk in one atomic batch with the
 * chain's own, and it follows in memory once that batch is on disk.
 */
export interface ChainParticipant {
  /**
   * The head is about to change. `after` are the accounts after the change; they stay as they are meanwhile. Does what
   * takes long, with pauses, and returns the rest, which runs in the turn in which the change is written.
   */
  prepare(change: HeadChange, after: StateReader, pause: Pause): Promise<() => Prepared>;
  /** This block, and all below it, is about to become final. */
  prepareFinal(block: BlockRef): Prepared;
}

/** The participants in the order in which they prepare and follow. What is written first is also reported first. */
export class Participants {
  readonly #logger: Logger;
  #list: readonly ChainParticipant[] | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Call this once, before the first change: a participant that joined later would have missed some. */
  join(list: readonly ChainParticipant[]): void {
    if (this.#list) throw new Error("the chain already has its participants");
    this.#list = list;
  }

  /** The result is called in the turn in which the change is written. */
  async prepare(change: HeadChange, after: StateReader, pause: Pause): Promise<() => Prepared> {
    const rests: (() => Prepared)[] = [];
    for (const each of this.#joined()) rests.push(await each.prepare(change, after, pause));
    return () => this.#together(rests.map((rest) => rest()));
  }

  prepareFinal(block: BlockRef): Prepared {
    return this.#together(this.#joined().map((each) => each.prepareFinal(block)));
  }

  #joined(): readonly ChainParticipant[] {
    if (!this.#list) throw new Error("the chain changes before its participants have joined");
    return this.#list;
  }

  #together(prepared: readonly Prepared[]): Prepared {
    return {
      writes: prepared.flatMap(({ writes }) => writes),
      applied: () => {
        for (const each of prepared) this.#apply(each);
      },
    };
  }

  /**
   * The change is on disk. A participant that cannot follow it would continue with wrong data, so its error ends the
   * node.
   */
  #apply({ applied }: Prepared): void {
    try {
      applied();
    } catch (error) {
      this.#logger.error(
        { error: messageOf(error) },
        "a part of the node cannot follow a change of the head: the node closes",
      );
      failProcess(error);
    }
  }
}
