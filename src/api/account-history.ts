import type { ServerResponse } from "node:http";
import type { BlockReader } from "../chain/block-reader.ts";
import type { IncludedTransaction } from "../chain/types.ts";
import type { TransactionPlace } from "../storage/blocks.ts";
import { clientAddress } from "./client-address.ts";
import { bytesPerToken, type ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";

/** Bytes of the blocks that one page may read. If its transactions are in large blocks, the page is shorter. */
const maxPageBytes = 8 * 2 ** 20;

export interface HistoryPage<T> {
  found: T[];
  /** The last place that was examined; there may be more after it. */
  last: TransactionPlace | undefined;
}

/**
 * Reads pages of accounts' transactions. It reads each block of a page once, in a turn of its own, and charges the
 * client.
 */
export class AccountHistory {
  readonly #reads: DearReads;
  readonly #limiter: ClientLimiter;

  constructor(reads: DearReads, limiter: ClientLimiter) {
    this.#reads = reads;
    this.#limiter = limiter;
  }

  /**
   * `account` is its index. `view` makes the entry of a transaction, or none. Stops when the reader is gone.
   * @throws {ProblemError} `OVERLOADED`
   */
  async read<T>(
    reader: BlockReader,
    { account, before, limit }: { account: number; before: TransactionPlace | undefined; limit: number },
    outgoing: ServerResponse,
    view: (included: IncludedTransaction) => T[],
  ): Promise<HistoryPage<T>> {
    const address = clientAddress(outgoing.req);
    const places = await this.#reads.run(address, () => reader.history(account, before, limit));
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
  }
}
