/**
 * The time slot of a header's timestamp: an authority signs at most one header in each. Slots are counted from 1970 on; their length,
 * `ChainConfig.slotMs`, is fixed by genesis, so that everybody finds the slot of a header whatever period its branch has.
 */
export function slotOf(timestampMs: number, slotMs: number): number {
  return Math.floor(timestampMs / slotMs);
}

/** The first timestamp in a slot. */
export function slotStartMs(slot: number, slotMs: number): number {
  return slot * slotMs;
}
