import type { Mempool } from "../mempool/mempool.ts";
import type { AddOutcome } from "../mempool/types.ts";
import { joinTransactions } from "../types/index.ts";
import { inBackground } from "../util/background.ts";

/** The transactions of a group: 7 ms of work for one thread, so that nobody waits long for the others. */
const maxGroupSize = 128;

interface Post {
  encoded: Uint8Array;
  resolve(outcome: AddOutcome): void;
  reject(error: unknown): void;
}

/**
 * Adds transactions that are posted one by one to the mempool in groups: those that arrive while others are under way
 * are decoded, checked and written together, for a fraction of the work that each would take alone.
 */
export class SinglePosts {
  #waiting: Post[] = [];
  #isBusy = false;

  /** The outcome of one encoded transaction, on disk if it was accepted. @throws {CodedError} `WRITE_FAILED` */
  add(encoded: Uint8Array, mempool: Mempool): Promise<AddOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ encoded, resolve, reject });
      this.#schedule(mempool);
    });
  }

  /** One group at a time: the next one is the larger, and two make two messages to threads and two writes. */
  #schedule(mempool: Mempool): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    setImmediate(() => inBackground(this.#addGroup(mempool)));
  }

  async #addGroup(mempool: Mempool): Promise<void> {
    const group = this.#waiting.splice(0, maxGroupSize);
    try {
      const records = mempool.decode(joinTransactions(group.map(({ encoded }) => encoded)));
      const outcomes = await mempool.add(records, "local");
      for (let index = 0; index < group.length; index++) group[index]!.resolve(outcomes[index]!);
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.#isBusy = false;
      this.#schedule(mempool);
    }
  }
}
