/**
 * The time slot of a header's timestamp. An authority signs at most one header in each. Slots are counted from 1970 on.
 * Genesis fixes their length, `ChainConfig.slotMs`, so that the slot of a header does not depend on the period of its
 * branch.
 */
export function slotOf(timestampMs: number, slotMs: number): number {
  return Math.floor(timestampMs / slotMs);
}

/** The first timestamp in a slot. */
export function slotStartMs(slot: number, slotMs: number): number {
  return slot * slotMs;
}
