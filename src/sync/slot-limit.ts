import { type Header, slotOf } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";

/** One of each authority of the largest set. */
const maxSlots = 1024;

/**
 * Which gossiped headers are worth the work of a block: two of one authority in one slot prove that it equivocates; more would only
 * cost, and it can sign any number. What is left out comes by request, should a chain be built on it.
 */
export class SlotLimit {
  readonly #slotMs: number;
  readonly #first = new LruMap<string, Hex>(maxSlots);
  readonly #second = new LruMap<string, Hex>(maxSlots);

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  /** For headers whose signature is right. */
  admits(header: Header, id: Uint8Array): boolean {
    const key = `${toHex(header.proposer)} ${slotOf(header.timestamp, this.#slotMs)}`;
    const idHex = toHex(id);
    for (const seen of [this.#first, this.#second]) {
      const known = seen.get(key) ?? idHex;
      seen.set(key, known);
      if (known === idHex) return true;
    }
    return false;
  }
}
