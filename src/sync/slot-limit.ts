import { type Header, maxAuthorities, slotOf } from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import { LruMap } from "../util/lru.ts";
import { HighestIds } from "./highest-ids.ts";

/** Slots, and heights, of one proposer that are remembered: the highest ones. */
export const remembered = 64;
const perSlot = 2;
/**
 * An honest authority signs once at a height on each branch that it was on. Other authorities may still sign in past
 * slots.
 */
export const perHeight = 8;

/**
 * Decides which gossiped headers are worth the work of a block. Two of one authority in one slot prove that it
 * equivocates. More would only cost, and it can sign any number. Omitted headers are requested if a chain builds on
 * them.
 */
export class SlotLimit {
  readonly #slotMs: number;
  readonly #proposers = new LruMap<Hex, { slots: HighestIds; heights: HighestIds }>(maxAuthorities);

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  /**
   * True if a header is one too many of its proposer. Nothing is remembered, so it may be used for headers whose
   * signature is not checked yet.
   */
  isSurplus(header: Header, id: Uint8Array): boolean {
    const { inSlot, atHeight } = this.#idsNear(header);
    const idHex = toHex(id);
    if (inSlot?.has(idHex)) return false;
    return !inSlot || inSlot.size >= perSlot || !atHeight || atHeight.size >= perHeight;
  }

  /** The same for authorities' headers with valid signatures, which are remembered if they are admitted. */
  admits(header: Header, id: Uint8Array): boolean {
    if (this.isSurplus(header, id)) return false;
    const proposer = toHex(header.proposer);
    const { slots, heights } = this.#proposers.get(proposer) ?? newProposer();
    this.#proposers.set(proposer, { slots, heights });
    slots.add(slotOf(header.timestamp, this.#slotMs), toHex(id));
    heights.add(header.height, toHex(id));
    return true;
  }

  #idsNear({ proposer, timestamp, height }: Header) {
    const { slots, heights } = this.#proposers.get(toHex(proposer)) ?? newProposer();
    return { inSlot: slots.at(slotOf(timestamp, this.#slotMs)), atHeight: heights.at(height) };
  }
}

function newProposer() {
  return { slots: new HighestIds(remembered), heights: new HighestIds(remembered) };
}
