import type { Hour } from "../../client/index.ts";

const dayMs = 86_400_000;

/** The turns that an authority missed in the days before a time. */
export interface MissedDays {
  address: string;
  /** Missed turns of each day, oldest first; undefined for a day without figures. */
  byDay: (number | undefined)[];
  missed: number;
  /** The number of its turns, computed from the blocks and the size of the set. */
  turns: number;
}

/** The missed turns of those authorities, day by day. `hours` are newest first; days are of 24 hours until `nowMs`. */
export function missedByDay(
  hours: readonly Hour[],
  { addresses, days, nowMs }: { addresses: readonly string[]; days: number; nowMs: number },
): MissedDays[] {
  const shown = hours.filter(({ start }) => start > nowMs - days * dayMs);
  const turns = shown.reduce((sum, { blocks, authorities }) => sum + blocks / Math.max(1, authorities), 0);
  return addresses.map((address) => {
    const byDay = Array<number | undefined>(days).fill(undefined);
    for (const { start, missed } of shown) {
      const day = days - 1 - Math.max(0, Math.floor((nowMs - start) / dayMs));
      byDay[day] = (byDay[day] ?? 0) + (missed.find((each) => each.address === address)?.turns ?? 0);
    }
    const missed = byDay.reduce<number>((sum, each = 0) => sum + each, 0);
    return { address, byDay, missed, turns: Math.round(turns) };
  });
}
