import type { ServerResponse } from "node:http";
import type { HistoryReader, HistoryRow } from "../chain/history-reader.ts";
import { comparePlaces, type HistoryRange } from "../storage/histories.ts";
import type { TransactionPlace } from "../storage/places.ts";
import { clientAddress } from "./client-address.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import type { HistoryAccount, HistoryMatch } from "./history-filter.ts";

export const historyLimits = {
  /** Entries that one page examines. If few of them pass the filter, the page ends there and says where to go on. */
  entriesPerPage: 20_000,
  /** Transactions that one page reads, as a filter by memo does. */
  rowsPerPage: 1_000,
  /** Entries and transactions of one turn, which takes some milliseconds; then it is another client's turn. */
  entriesPerTurn: 2_000,
  rowsPerTurn: 100,
  /** Entries that are examined, and transactions that are read, for the price of one request. */
  entriesPerToken: 250,
  rowsPerToken: 25,
};

export interface HistoryQuery {
  account: HistoryAccount;
  range: HistoryRange;
  newestFirst: boolean;
  match: HistoryMatch;
}

export interface HistoryPage {
  rows: HistoryRow[];
  /** The last place that was examined, if there may be more after it. */
  last: TransactionPlace | undefined;
}

/** One turn of a read. */
interface Turn extends HistoryPage {
  entries: number;
  candidates: number;
}

/** Reads accounts' histories, in turns of some milliseconds each, and charges the client for what is examined. */
export class AccountHistory {
  readonly #reads: DearReads;
  readonly #limiter: ClientLimiter;

  constructor(reads: DearReads, limiter: ClientLimiter) {
    this.#reads = reads;
    this.#limiter = limiter;
  }

  /** Up to `limit` transactions. Stops when the reader is gone. @throws {ProblemError} `OVERLOADED` */
  async page(
    history: HistoryReader,
    query: HistoryQuery & { limit: number },
    outgoing: ServerResponse,
  ): Promise<HistoryPage> {
    const rows: HistoryRow[] = [];
    let entries = 0;
    let candidates = 0;
    let { range } = query;
    for (;;) {
      const turn = await this.#turn(history, { ...query, range }, query.limit - rows.length, outgoing);
      rows.push(...turn.rows);
      entries += turn.entries;
      candidates += turn.candidates;
      const isSpent = entries >= historyLimits.entriesPerPage || candidates >= historyLimits.rowsPerPage;
      if (!turn.last || rows.length === query.limit || isSpent || outgoing.closed)
        return { rows, last: turn.last };
      range = rangeAfter(range, turn.last, query.newestFirst);
    }
  }

  /** All transactions, some at a time. Stops when the reader is gone. @throws {ProblemError} `OVERLOADED` */
  async *all(
    history: HistoryReader,
    query: HistoryQuery,
    outgoing: ServerResponse,
  ): AsyncGenerator<HistoryRow[], void> {
    let { range } = query;
    for (let last: TransactionPlace | undefined; !outgoing.closed; ) {
      const turn = await this.#turn(history, { ...query, range }, historyLimits.rowsPerTurn, outgoing);
      yield turn.rows;
      last = turn.last;
      if (!last) return;
      range = rangeAfter(range, last, query.newestFirst);
    }
  }

  /** Reads what takes several look-ups in a turn of the client. @throws {ProblemError} `OVERLOADED` */
  inTurn<T>({ req }: ServerResponse, read: () => Promise<T>): Promise<T> {
    return this.#reads.run(clientAddress(req), read);
  }

  async #turn(
    history: HistoryReader,
    query: HistoryQuery,
    wanted: number,
    outgoing: ServerResponse,
  ): Promise<Turn> {
    const turn = await this.inTurn(outgoing, () => readTurn(history, query, wanted));
    const { entriesPerToken, rowsPerToken } = historyLimits;
    this.#limiter.charge(
      clientAddress(outgoing.req),
      turn.entries / entriesPerToken + turn.candidates / rowsPerToken,
    );
    return turn;
  }
}

/** Reads again after a reorganization: the amounts of one branch would stand beside the transactions of another. */
async function readTurn(history: HistoryReader, query: HistoryQuery, wanted: number): Promise<Turn> {
  for (;;) {
    const { reorganizations } = history;
    const turn = await readOnce(history, query, wanted);
    if (history.reorganizations === reorganizations) return turn;
  }
}

/** Examines entries until `wanted` of them may match, or for as long as a turn may take. */
async function readOnce(
  history: HistoryReader,
  { account, range, newestFirst, match }: HistoryQuery,
  wanted: number,
): Promise<Turn> {
  const rowsWanted = Math.min(wanted, historyLimits.rowsPerTurn);
  const options = { newestFirst, ...(match.isAll && { limit: rowsWanted + 1 }) };
  const candidates = [];
  let entries = 0;
  let last: TransactionPlace | undefined;
  let hasMore = false;
  scan: for await (const some of history.entries(account.index, range, options))
    for (const entry of some) {
      hasMore = candidates.length === rowsWanted || entries === historyLimits.entriesPerTurn;
      if (hasMore) break scan;
      entries++;
      last = entry;
      if (match.mayMatch(entry)) candidates.push(entry);
    }
  const rows = (await history.rows(candidates)).filter((row) => match.matches(row));
  return { rows, last: hasMore ? last : undefined, entries, candidates: candidates.length };
}

/** The part of a range that comes after a place, in the order of reading. */
function rangeAfter(range: HistoryRange, place: TransactionPlace, newestFirst: boolean): HistoryRange {
  return newestFirst ? { ...range, before: place } : { ...range, from: placeAfter(place) };
}

/** The part of a range that is before a place of the chain. */
export function endingBefore(range: HistoryRange, place: TransactionPlace): HistoryRange {
  const isEarlier = !range.before || comparePlaces(place, range.before) < 0;
  return isEarlier ? { ...range, before: place } : range;
}

/** The part of a range that is after a place of the chain. */
export function beginningAfter(range: HistoryRange, place: TransactionPlace): HistoryRange {
  const from = placeAfter(place);
  return !range.from || comparePlaces(from, range.from) > 0 ? { ...range, from } : range;
}

function placeAfter({ height, index }: TransactionPlace): TransactionPlace {
  return { height, index: index + 1 };
}
