import type { ServerResponse } from "node:http";
import type { Chain } from "../chain/chain.ts";
import type { StoredBlock } from "../chain/types.ts";
import type { Clock } from "../util/clock.ts";
import { clientAddress } from "./client-address.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded } from "./problem.ts";
import { type Holding, holder, Shares } from "./shares.ts";

/** Bytes that are answered for the price of one request: formatting transactions takes longer than reading them. */
const bytesPerToken = 2 * 1024;
/** The share that one client, which may read as slowly as it likes, may hold. */
const clientShare = 0.5;
/** An answer that was not read by then may be cut off for a client that holds less. */
export const quickReadMs = 2_000;

/**
 * Reads whole blocks for answers, with a limit of bytes at once: as objects and text they take ten times as much
 * memory. The bytes are shared out among clients, so that a few addresses that read slowly keep out no other.
 */
export class WholeBlocks {
  readonly #maxBytes: number;
  readonly #shares: Shares;
  readonly #limiter: ClientLimiter;
  readonly #reads: DearReads;
  readonly #clock: Clock;

  constructor(maxBytesAtOnce: number, parts: { limiter: ClientLimiter; reads: DearReads; clock: Clock }) {
    this.#maxBytes = maxBytesAtOnce;
    this.#shares = new Shares(maxBytesAtOnce);
    this.#limiter = parts.limiter;
    this.#reads = parts.reads;
    this.#clock = parts.clock;
  }

  /**
   * Undefined if there is no such block. The block counts until the answer has been sent; `view` makes the answer.
   * @throws {ProblemError} `OVERLOADED`
   */
  async read<T>(
    { reader, tree }: Pick<Chain, "reader" | "tree">,
    id: Uint8Array,
    outgoing: ServerResponse,
    view: (block: StoredBlock) => T | Promise<T>,
  ): Promise<T | undefined> {
    const summary = await tree.get(id);
    if (!summary || outgoing.closed) return undefined;
    const address = clientAddress(outgoing.req);
    this.#hold(address, summary.bodyBytes, outgoing);
    this.#limiter.charge(address, summary.bodyBytes / bytesPerToken);
    return this.#reads.run(address, async () => {
      if (outgoing.closed) return undefined;
      const block = await reader.byId(id);
      return block && view(block);
    });
  }

  #hold(address: string, bodyBytes: number, outgoing: ServerResponse): void {
    const client = holder(address);
    const startedAtMs = this.#clock.now();
    const holding: Holding = {
      client,
      size: 0,
      mayDrop: () => Math.abs(this.#clock.now() - startedAtMs) >= quickReadMs,
      // An answer that waits for another one of its connection would keep its memory.
      drop: () => outgoing.req.socket.destroy(),
    };
    // A block that is larger than the whole limit is read alone.
    const bytes = Math.min(bodyBytes, this.#maxBytes);
    const taken = this.#shares.heldBy(client);
    const isAboveShare = taken > 0 && taken + bytes > this.#maxBytes * clientShare;
    if (isAboveShare || !this.#shares.grow(holding, bytes))
      throw overloaded("too many blocks are being read: try again, one after the other");
    outgoing.once("close", () => this.#shares.release(holding));
  }
}
