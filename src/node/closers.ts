import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";

/** What has been opened, to be closed in reverse order. */
export class Closers {
  readonly #logger: Logger;
  readonly #stack: { name: string; close: () => unknown }[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  push(name: string, close: () => unknown): void {
    this.#stack.push({ name, close });
  }

  /** One that fails does not keep the others open. */
  async close(): Promise<void> {
    for (let last = this.#stack.pop(); last; last = this.#stack.pop()) {
      try {
        await last.close();
      } catch (error) {
        this.#logger.error({ part: last.name, error: messageOf(error) }, "could not be closed");
      }
    }
  }
}
