import type { ServerResponse } from "node:http";
import type { BlockReader } from "../chain/block-reader.ts";
import type { IncludedTransaction } from "../chain/types.ts";
import type { TransactionPlace } from "../storage/blocks.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import { overloaded } from "./problem.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Bytes of the blocks that one page is read from: a page whose transactions lie in large blocks is shorter. */
const maxPageBytes = 8 * 2 ** 20;
/** Read for the price of one request. */
const bytesPerToken = 32 * 1024;
/** Pages that are being read. */
const maxPages = 64;
/** A block that took this long is followed by a pause as long, so that reading takes half of the thread at most. */
const shortMs = 2;

export interface HistoryPage {
  found: IncludedTransaction[];
  /** The last place that was looked at, where there may be more. */
  last: TransactionPlace | undefined;
}

/** Reads pages of accounts' transactions: each block of a page once, one block at a time over all requests, charged to who asks. */
export class AccountHistory {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #queue = new SerialQueue();
  #pages = 0;

  constructor(clock: Clock, limiter: RateLimiter) {
    this.#clock = clock;
    this.#limiter = limiter;
  }

  /** `account`: its index. Stops for a reader that is gone. @throws {ProblemError} `OVERLOADED` */
  async read(
    reader: BlockReader,
    { account, before, limit }: { account: number; before: TransactionPlace | undefined; limit: number },
    outgoing: ServerResponse,
  ): Promise<HistoryPage> {
    if (this.#pages >= maxPages) throw overloaded("too many histories are asked for at once: try again");
    this.#pages++;
    try {
      const places = await reader.history(account, before, limit);
      const found: IncludedTransaction[] = [];
      let bytes = 0;
      let read = 0;
      while (read < places.length && !outgoing.closed) {
        const { height } = places[read]!;
        const end = places.findIndex((place, at) => at > read && place.height !== height);
        const block = places.slice(read, end < 0 ? places.length : end);
        const cost = await reader.bodyBytesAt(height);
        if (bytes > 0 && bytes + cost > maxPageBytes) return { found, last: places[read - 1] };
        bytes += cost;
        this.#limiter.charge(outgoing.req.socket.remoteAddress ?? "", cost / bytesPerToken);
        found.push(...(await this.#queue.run(() => this.#block(reader, height, block))));
        read += block.length;
      }
      return { found, last: places.length === limit ? places.at(-1) : undefined };
    } finally {
      this.#pages--;
    }
  }

  async #block(reader: BlockReader, height: number, places: readonly TransactionPlace[]) {
    const startedAt = performance.now();
    const found = await reader.transactionsAt(
      height,
      places.map(({ index }) => index),
    );
    const tookMs = performance.now() - startedAt;
    if (tookMs > shortMs) await sleep(this.#clock, tookMs);
    return found;
  }
}
