import type { History, HistoryEntry, HistoryFilter } from "../../client/index.ts";
import type { Cursor } from "./query.ts";

/** Transactions that are shown at once. */
const pageSize = 25;
/** The most requests for one page, when few transactions pass the filter; then a person decides whether to go on. */
const mostAnswers = 20;
/** The most rows of a printed statement, and the rows of each request for it. */
const [mostPrinted, printedAtOnce] = [5_000, 100];

export type Page = Pick<History, "next" | "previous"> & { rows: HistoryEntry[] };

type Ask = (page: HistoryFilter & Cursor & { limit: number }) => Promise<History>;

/** Loads a page of a history, with several requests if few transactions pass the filter. */
export async function loadPage(ask: Ask, filter: HistoryFilter, cursor: Cursor): Promise<Page> {
  const first = await ask({ ...filter, ...cursor, limit: pageSize });
  const page: Page = { ...first, rows: first.transactions };
  const isNewer = cursor.after !== undefined;
  for (let answers = 1; answers < mostAnswers && page.rows.length < pageSize; answers++) {
    const limit = pageSize - page.rows.length;
    if (isNewer && page.previous !== null) {
      const { transactions, previous } = await ask({ ...filter, after: page.previous, limit });
      Object.assign(page, { rows: [...transactions, ...page.rows], previous });
    } else if (!isNewer && page.next !== null) {
      const { transactions, next } = await ask({ ...filter, before: page.next, limit });
      Object.assign(page, { rows: [...page.rows, ...transactions], next });
    } else break;
  }
  return page;
}

/** Loads all that passes a filter, newest first, up to `mostPrinted` rows; `next` is null if there is no more. */
export async function loadAll(ask: Ask, filter: HistoryFilter): Promise<Page> {
  const rows: HistoryEntry[] = [];
  let next: string | null = null;
  for (let answers = 0; answers < mostPrinted / printedAtOnce; answers++) {
    const answer = await ask({ ...filter, ...(next !== null && { before: next }), limit: printedAtOnce });
    rows.push(...answer.transactions);
    next = answer.next;
    if (next === null) break;
  }
  return { rows, next, previous: null };
}

/** Marks the rows up to a height as final, so that they need not be loaded again. */
export function withFinality(rows: readonly HistoryEntry[], finalHeight: number): HistoryEntry[] {
  return rows.map((row) =>
    row.block && row.block.height <= finalHeight ? { ...row, status: "finalized" as const } : row,
  );
}

/** The sums over transactions of one account, as a node computes them. */
export function totalsOf(rows: readonly HistoryEntry[]): Record<"received" | "sent" | "fees", bigint> {
  const totals = { received: 0n, sent: 0n, fees: 0n };
  for (const { direction, amount, fee } of rows) {
    if (direction === "in") totals.received += BigInt(amount);
    else totals.fees += BigInt(fee);
    if (direction === "out") totals.sent += BigInt(amount);
  }
  return totals;
}
