import { type Header, slotOf } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";

/** As many as the largest set has. */
const maxProposers = 1024;
/** Slots, and heights, of one proposer that are remembered. */
const remembered = 64;
const perSlot = 2;
/** An honest authority signs once at a height on each branch that it was on. Past slots are free for others to sign in. */
const perHeight = 8;

/**
 * Which gossiped headers are worth the work of a block: two of one authority in one slot prove that it equivocates; more would only
 * cost, and it can sign any number. What is left out comes by request, should a chain be built on it.
 */
export class SlotLimit {
  readonly #slotMs: number;
  readonly #proposers = new LruMap<Hex, LruMap<string, Set<Hex>>>(maxProposers);

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  /** For headers of authorities whose signature is right. */
  admits({ proposer, timestamp, height }: Header, id: Uint8Array): boolean {
    const key = toHex(proposer);
    const seen = this.#proposers.get(key) ?? new LruMap<string, Set<Hex>>(2 * remembered);
    this.#proposers.set(key, seen);
    const inSlot = setAt(seen, `slot ${slotOf(timestamp, this.#slotMs)}`);
    const atHeight = setAt(seen, `height ${height}`);
    const idHex = toHex(id);
    if (inSlot.has(idHex)) return true;
    if (inSlot.size >= perSlot || atHeight.size >= perHeight) return false;
    inSlot.add(idHex);
    atHeight.add(idHex);
    return true;
  }
}

function setAt(seen: LruMap<string, Set<Hex>>, key: string): Set<Hex> {
  const known = seen.get(key);
  if (known) return known;
  const added = new Set<Hex>();
  seen.set(key, added);
  return added;
}
