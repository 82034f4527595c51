import type { ServerResponse } from "node:http";
import type { Chain } from "../chain/chain.ts";
import type { StoredBlock } from "../chain/types.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded } from "./problem.ts";
import { clientOf, type RateLimiter } from "./rate-limiter.ts";

/** Bytes that are answered for the price of one request: formatting transactions takes longer than reading them. */
const bytesPerToken = 2 * 1024;
/** The share that one client, which may read as slowly as it likes, may hold. */
const clientShare = 0.5;

/**
 * Reads whole blocks for answers, with a limit of bytes at once: as objects and text they take ten times as much
 * memory.
 */
export class WholeBlocks {
  readonly #budget: ByteBudget;
  readonly #limiter: RateLimiter;
  readonly #reads: DearReads;
  readonly #clients = new Map<string, number>();

  constructor(maxBytesAtOnce: number, limiter: RateLimiter, reads: DearReads) {
    this.#budget = new ByteBudget(maxBytesAtOnce);
    this.#limiter = limiter;
    this.#reads = reads;
  }

  /**
   * Undefined if there is no such block. The block counts until the answer has been sent; `view` makes the answer.
   * @throws {ProblemError} `OVERLOADED`
   */
  async read<T>(
    { reader }: Chain,
    id: Uint8Array,
    outgoing: ServerResponse,
    view: (block: StoredBlock) => T | Promise<T>,
  ): Promise<T | undefined> {
    const summary = await reader.summary(id);
    if (!summary || outgoing.closed) return undefined;
    const address = outgoing.req.socket.remoteAddress ?? "";
    const client = clientOf(address);
    const taken = this.#clients.get(client) ?? 0;
    const { maxBytes } = this.#budget;
    // A block that is larger than the whole limit is read alone.
    const bytes = Math.min(summary.bodyBytes, maxBytes);
    const isAboveShare = taken > 0 && taken + bytes > maxBytes * clientShare;
    if (isAboveShare || !this.#budget.take(bytes))
      throw overloaded("too many blocks are being read: try again, one after the other");
    this.#clients.set(client, taken + bytes);
    outgoing.once("close", () => {
      this.#budget.release(bytes);
      const left = this.#clients.get(client)! - bytes;
      if (left > 0) this.#clients.set(client, left);
      else this.#clients.delete(client);
    });
    this.#limiter.charge(address, summary.bodyBytes / bytesPerToken);
    return this.#reads.run(address, async () => {
      if (outgoing.closed) return undefined;
      const block = await reader.byId(id);
      return block && view(block);
    });
  }
}
