import type { Mempool } from "../mempool/mempool.ts";
import type { AddOutcome } from "../mempool/types.ts";
import { joinTransactions } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";

/** The transactions of a group: 7 ms of work for one thread, so that nobody waits long for the others. */
const maxGroupSize = 128;
/** One group is checked while another is written. */
const maxGroups = 2;
/** Posts that begin another group while one is under way: fewer are cheaper with those that will have come by its end. */
const minBeside = 8;
/** After a group, fewer posts than that wait for those of the clients whom it has answered. */
const gatherMs = 1;

interface Post {
  encoded: Uint8Array;
  resolve(outcome: AddOutcome): void;
  reject(error: unknown): void;
}

/**
 * Adds transactions that are posted one by one to the mempool in groups: those that arrive while others are under way
 * are decoded, checked and written together, for a fraction of the work that each would take alone. They are added in
 * the order in which they have arrived.
 */
export class SinglePosts {
  readonly #clock: Clock;
  #waiting: Post[] = [];
  #groups = 0;
  #isScheduled = false;
  /** Ends with the newest group. */
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The outcome of one encoded transaction, on disk if it was accepted. @throws {CodedError} `WRITE_FAILED` */
  add(encoded: Uint8Array, mempool: Mempool): Promise<AddOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ encoded, resolve, reject });
      this.#schedule(mempool);
    });
  }

  #schedule(mempool: Mempool, delayMs = 0): void {
    const enough = this.#groups === 0 ? 1 : minBeside;
    if (this.#isScheduled || this.#groups === maxGroups || this.#waiting.length < enough) return;
    this.#isScheduled = true;
    const begin = () => {
      this.#isScheduled = false;
      this.#groups++;
      this.#last = this.#addGroup(mempool, this.#last);
      this.#schedule(mempool);
    };
    if (delayMs > 0 && this.#waiting.length < minBeside) this.#clock.after(delayMs, begin);
    else setImmediate(begin);
  }

  async #addGroup(mempool: Mempool, previous: Promise<void>): Promise<void> {
    const group = this.#waiting.splice(0, maxGroupSize);
    try {
      const records = mempool.decode(joinTransactions(group.map(({ encoded }) => encoded)));
      const outcomes = await mempool.add(records, "local", previous);
      for (let index = 0; index < group.length; index++) group[index]!.resolve(outcomes[index]!);
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.#groups--;
      this.#schedule(mempool, gatherMs);
    }
  }
}
