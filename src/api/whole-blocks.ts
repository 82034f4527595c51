import type { ServerResponse } from "node:http";
import type { Chain } from "../chain/chain.ts";
import type { StoredBlock } from "../chain/types.ts";
import { ByteBudget } from "./byte-budget.ts";
import { overloaded } from "./problem.ts";

/** Reads whole blocks for answers, so many bytes at once: as objects and text they take ten times as much memory. */
export class WholeBlocks {
  readonly #budget: ByteBudget;

  constructor(maxBytesAtOnce: number) {
    this.#budget = new ByteBudget(maxBytesAtOnce);
  }

  /** Undefined where there is none. It counts until the answer has gone out. @throws {ProblemError} `OVERLOADED` */
  async read({ reader }: Chain, id: Uint8Array, outgoing: ServerResponse): Promise<StoredBlock | undefined> {
    const summary = await reader.summary(id);
    if (!summary || outgoing.closed) return undefined;
    // One larger than all that may be at once comes alone.
    const bytes = Math.min(summary.bodyBytes, this.#budget.maxBytes);
    if (!this.#budget.take(bytes))
      throw overloaded("too many blocks are asked for at once: try again, one after the other");
    outgoing.once("close", () => this.#budget.release(bytes));
    return reader.byId(id);
  }
}
