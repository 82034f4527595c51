import type { ServerResponse } from "node:http";
import type { BlockReader } from "../chain/block-reader.ts";
import type { IncludedTransaction } from "../chain/types.ts";
import type { TransactionPlace } from "../storage/blocks.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded } from "./problem.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Bytes of the blocks that one page is read from: a page whose transactions lie in large blocks is shorter. */
const maxPageBytes = 8 * 2 ** 20;
/** Read for the price of one request. */
const bytesPerToken = 32 * 1024;
/** Pages that are being read. */
const maxPages = 64;

export interface HistoryPage<T> {
  found: T[];
  /** The last place that was looked at, where there may be more. */
  last: TransactionPlace | undefined;
}

/** Reads pages of accounts' transactions: each block of a page once, each in a turn of its own, charged to who asks. */
export class AccountHistory {
  readonly #reads: DearReads;
  readonly #limiter: RateLimiter;
  #pages = 0;

  constructor(reads: DearReads, limiter: RateLimiter) {
    this.#reads = reads;
    this.#limiter = limiter;
  }

  /**
   * `account`: its index. `view` makes the entry of a transaction, or none. Stops for a reader that is gone.
   * @throws {ProblemError} `OVERLOADED`
   */
  async read<T>(
    reader: BlockReader,
    { account, before, limit }: { account: number; before: TransactionPlace | undefined; limit: number },
    outgoing: ServerResponse,
    view: (included: IncludedTransaction) => T[],
  ): Promise<HistoryPage<T>> {
    if (this.#pages >= maxPages) throw overloaded("too many histories are asked for at once: try again");
    this.#pages++;
    try {
      const places = await reader.history(account, before, limit);
      const address = outgoing.req.socket.remoteAddress ?? "";
      const found: T[] = [];
      let bytes = 0;
      let read = 0;
      while (read < places.length && !outgoing.closed) {
        const { height } = places[read]!;
        const end = places.findIndex((place, at) => at > read && place.height !== height);
        const block = places.slice(read, end < 0 ? places.length : end);
        const cost = await reader.bodyBytesAt(height);
        if (bytes > 0 && bytes + cost > maxPageBytes) return { found, last: places[read - 1] };
        bytes += cost;
        this.#limiter.charge(address, cost / bytesPerToken);
        const indexes = block.map(({ index }) => index);
        await this.#reads.run(address, async () => {
          for (const each of await reader.transactionsAt(height, indexes)) found.push(...view(each));
        });
        read += block.length;
      }
      return { found, last: places.length === limit ? places.at(-1) : undefined };
    } finally {
      this.#pages--;
    }
  }
}
