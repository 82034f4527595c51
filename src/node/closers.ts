import { inBackground } from "../util/background.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";

/** Opened resources, closed in reverse order. */
export class Closers {
  readonly #logger: Logger;
  readonly #stack: Opened[] = [];
  #closed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A resource that is opened after `close`, by a start that was still under way, is closed at once. */
  push(name: string, close: () => unknown): void {
    if (this.#closed) inBackground(this.#closeOne({ name, close }));
    else this.#stack.push({ name, close });
  }

  /** A resource that fails to close does not keep the others open. */
  async close(): Promise<void> {
    this.#closed = true;
    for (let last = this.#stack.pop(); last; last = this.#stack.pop()) await this.#closeOne(last);
  }

  async #closeOne({ name, close }: Opened): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.#logger.error({ part: name, error: messageOf(error) }, "a part of the node could not be closed");
    }
  }
}

interface Opened {
  name: string;
  close: () => unknown;
}
