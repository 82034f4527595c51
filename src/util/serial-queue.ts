/** Runs asynchronous tasks one after another, in the order they were given. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    // The caller gets the error; the next task runs all the same.
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all tasks given so far have ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
