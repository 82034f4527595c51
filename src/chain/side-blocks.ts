import type { BlockRef } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import type { Chain } from "./chain.ts";

const remembered = 100;

export interface SideBlock extends BlockRef {
  /** True if the block was canonical before a reorganization. */
  retracted: boolean;
}

/**
 * The blocks that have arrived since the start and are not canonical: those that lost against another, and those that
 * were retracted.
 */
export class SideBlocks {
  readonly #blocks = new LruMap<Hex, SideBlock>(remembered);

  constructor(chain: Pick<Chain, "events">) {
    let canonical: ReadonlySet<Hex> = new Set();
    // This event comes before `imported` for the same blocks.
    chain.events.on("head", ({ retracted, applied }) => {
      for (const block of retracted) this.#add(block, true);
      for (const { idHex } of applied) this.#blocks.delete(idHex);
      canonical = new Set(applied.map(({ idHex }) => idHex));
    });
    chain.events.on("imported", (block) => {
      if (!canonical.has(block.idHex)) this.#add(block, false);
    });
  }

  /** Highest first. */
  list(): SideBlock[] {
    return [...this.#blocks.values()].sort((a, b) => b.height - a.height);
  }

  #add({ height, id }: BlockRef, retracted: boolean): void {
    this.#blocks.set(toHex(id), { height, id, retracted });
  }
}
