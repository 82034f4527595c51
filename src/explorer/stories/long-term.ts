import type { Hour } from "../../client/index.ts";
import type { Sample } from "../shape.ts";

const hourMs = 3_600_000;

export interface LongTerm {
  rates: Sample[];
  intervals: Sample[];
  longest: Sample[];
  finality: Sample[];
  accounts: Sample[];
  missed: Sample[];
}

/**
 * Series over the last `count` hours, oldest first, from figures that are newest first. An hour without a block is a
 * halt: no transactions, and nothing that could be measured. Nothing is known of hours before the first figures.
 */
export function longTerm(
  hours: readonly Hour[],
  { count, label }: { count: number; label(startMs: number): string },
): LongTerm {
  const series: LongTerm = { rates: [], intervals: [], longest: [], finality: [], accounts: [], missed: [] };
  const newest = hours[0];
  if (!newest) return series;
  const byStart = new Map(hours.map((hour) => [hour.start, hour]));
  const oldest = hours.at(-1)!.start;
  let accounts = Number.NaN;
  for (let ago = count - 1; ago >= 0; ago--) {
    const start = newest.start - ago * hourMs;
    const hour = byStart.get(start);
    const spanMs = hour ? hour.until - hour.since : 0;
    const none = start < oldest ? Number.NaN : 0;
    const add = (name: keyof LongTerm, value: number) => series[name].push({ label: label(start), value });
    accounts = hour?.accounts ?? accounts;
    add("rates", spanMs > 0 ? (1000 * hour!.transactions) / spanMs : none);
    add("intervals", spanMs > 0 ? spanMs / hour!.blocks : Number.NaN);
    add("longest", hour?.longest ?? Number.NaN);
    add("finality", hour?.finality ?? Number.NaN);
    add("accounts", accounts);
    add("missed", hour?.missed.reduce((sum, { turns }) => sum + turns, 0) ?? none);
  }
  return series;
}
