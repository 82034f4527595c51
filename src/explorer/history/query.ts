import type { HistoryFilter } from "../../client/index.ts";

/** The names that the page's address has for the parts of a filter. */
const names = ["memo", "direction", "from", "to", "with", "min", "max"] as const;

export type FilterTexts = Partial<Record<(typeof names)[number], string>>;

/**
 * The beginning of a page of a history: `before` asks for older transactions than another page has, `after` for newer.
 */
export interface Cursor {
  before?: string;
  after?: string;
}

/** Reads the filter in the page's address. */
export function filterTexts(query: URLSearchParams): FilterTexts {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = query.get(name);
      return text ? [[name, text]] : [];
    }),
  );
}

export function cursorOf(query: URLSearchParams): Cursor {
  const [before, after] = [query.get("before"), query.get("after")];
  return before ? { before } : after ? { after } : {};
}

/** The filter that the node understands. Days are those of this machine's time zone; amounts are in base units. */
export function nodeFilter({
  memo,
  direction,
  from,
  to,
  with: counterparty,
  min,
  max,
}: FilterTexts): HistoryFilter {
  return {
    memo,
    counterparty,
    direction: (["in", "out", "self"] as const).find((known) => known === direction),
    fromTime: from === undefined ? undefined : dayStart(from),
    toTime: to === undefined ? undefined : dayStart(to, 1) - 1,
    minAmount: min,
    maxAmount: max,
  };
}

/** The start of a day `2026-03-31`, or of the day `later` days later. */
function dayStart(day: string, later = 0): number {
  const start = new Date(`${day}T00:00`);
  start.setDate(start.getDate() + later);
  return start.getTime();
}

/** The address within the page of an account's history. */
export function historyHash(address: string, filter: FilterTexts, cursor: Cursor = {}): string {
  const query = new URLSearchParams({ ...filter, ...cursor }).toString();
  return `#/account/${address}${query === "" ? "" : `?${query}`}`;
}
