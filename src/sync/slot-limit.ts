import { type Header, slotOf } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";

/** Two headers of one authority in one slot prove that it equivocates; more would only cost, and it can sign any number. */
const maxPerSlot = 2;
/** The newest of each authority of a large set. */
const maxSlots = 4096;

/** Which gossiped headers are worth the work of a block. What is left out comes by request, should a chain be built on it. */
export class SlotLimit {
  readonly #periodMs: number;
  readonly #seen = new LruMap<string, Set<Hex>>(maxSlots);

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** For headers whose signature is right. */
  admits(header: Header, id: Uint8Array): boolean {
    const key = `${toHex(header.proposer)} ${slotOf(header.timestamp, this.#periodMs)}`;
    const seen = this.#seen.get(key) ?? new Set();
    if (!seen.has(toHex(id)) && seen.size >= maxPerSlot) return false;
    this.#seen.set(key, seen.add(toHex(id)));
    return true;
  }
}
