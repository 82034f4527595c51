/** Runs asynchronous tasks one after another, in the order they were given. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #size = 0;

  /** The number of tasks that wait or run. */
  get size(): number {
    return this.#size;
  }

  run<T>(task: () => T | Promise<T>): Promise<T> {
    this.#size++;
    const result = this.#tail.then(task).finally(() => {
      this.#size--;
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all tasks given so far have ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
