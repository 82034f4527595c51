import { messageOf } from "./errors.ts";
import type { Logger } from "./logger.ts";

/**
 * A typed event source: `Events` maps the name of an event to the value that its listeners get. Listeners only observe:
 * their errors are logged, and never reach the emitter. A listener may be async; its rejection is logged as well.
 */
export class Emitter<Events> {
  readonly #logger: Pick<Logger, "error">;
  readonly #listeners = new Map<keyof Events, Set<(event: never) => unknown>>();

  constructor(logger: Pick<Logger, "error">) {
    this.#logger = logger;
  }

  /** Returns the function that removes the listener. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => unknown): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls all listeners in the order in which they were added. Never throws. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        const result = (listener as (event: Events[Name]) => unknown)(event);
        if (result instanceof Promise) result.catch((error) => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  #report(name: keyof Events, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#logger.error({ event: name, error: messageOf(error), stack }, "a listener has failed");
  }
}
