import { setTimeout as sleep } from "node:timers/promises";

/** Repeats an honest request, one at a time, while other peers misbehave. */
export class Pings {
  longestMs = 0;
  count = 0;
  readonly #loop: Promise<void>;
  #stopped = false;
  #problem: unknown;

  constructor(ask: () => Promise<unknown>, everyMs: number) {
    this.#loop = this.#run(ask, everyMs);
  }

  /** @throws the first failure */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    if (this.#problem) throw this.#problem;
  }

  async #run(ask: () => Promise<unknown>, everyMs: number): Promise<void> {
    while (!this.#stopped) {
      const startedAt = performance.now();
      await ask().catch((error) => {
        this.#problem ??= error;
      });
      this.longestMs = Math.max(this.longestMs, performance.now() - startedAt);
      this.count++;
      await sleep(everyMs);
    }
  }
}
