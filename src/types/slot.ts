/** The time slot of a header's timestamp: an authority signs at most one header in each. Slots are one period long, from 1970 on. */
export function slotOf(timestampMs: number, periodMs: number): number {
  return Math.floor(timestampMs / periodMs);
}

/** The first timestamp in a slot. */
export function slotStartMs(slot: number, periodMs: number): number {
  return slot * periodMs;
}
