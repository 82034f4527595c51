import type { ServerResponse } from "node:http";
import { beforeEach, expect, test } from "vitest";
import { AccountHistory, type HistoryQuery, historyLimits } from "../../../src/api/account-history.ts";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import type { Genesis } from "../../../src/chain/genesis.ts";
import { HistoryReader } from "../../../src/chain/history-reader.ts";
import type { AccountEntry } from "../../../src/storage/account-entries.ts";
import type { BlockStore } from "../../../src/storage/blocks.ts";
import { comparePlaces, type HistoryRange, type HistoryStore } from "../../../src/storage/histories.ts";
import { Transaction } from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { ManualClock } from "../support/clock.ts";
import { collect } from "../support/collect.ts";

const answerTo = (remoteAddress: string) =>
  ({ closed: false, req: { socket: { remoteAddress } } }) as unknown as ServerResponse;
const outgoing = answerTo("10.0.0.1");
const rate = { perSecond: 1, burst: 100 };

/** An account with three transactions in each of 40,000 blocks. */
const placeOf = (number: number) => ({ height: 1 + Math.floor(number / 3), index: number % 3 });
const total = 120_000;
let examined: number;
let read: number;
let atOnce: number;
let most: number;

const reader = {
  async *entries(_: number, { from, before }: HistoryRange, { newestFirst }: { newestFirst: boolean }) {
    most = Math.max(most, ++atOnce);
    try {
      for (let at = 0; at < total; at++) {
        const place = placeOf(newestFirst ? total - 1 - at : at);
        if (from && comparePlaces(place, from) < 0) continue;
        if (before && comparePlaces(place, before) >= 0) continue;
        examined++;
        yield [place];
      }
    } finally {
      atOnce--;
    }
  },
  async rows(entries: readonly AccountEntry[]) {
    await new Promise((resolve) => setImmediate(resolve));
    read += entries.length;
    return entries.map((entry) => ({ entry }));
  },
} as unknown as HistoryReader;

beforeEach(() => {
  examined = read = atOnce = most = 0;
});

const query = (match: Partial<HistoryQuery["match"]> = {}): HistoryQuery => ({
  account: { index: 1, address: new Uint8Array(32) },
  range: {},
  newestFirst: true,
  match: { isAll: Object.keys(match).length === 0, mayMatch: () => true, matches: () => true, ...match },
});
const newHistory = (limiter = new ClientLimiter(systemClock, rate, rate)) =>
  new AccountHistory(new DearReads(systemClock), limiter);
const placesOf = (rows: readonly { entry: { height: number; index: number } }[]) =>
  rows.map(({ entry: { height, index } }) => ({ height, index }));

test("a page reads what it shows, and one entry more to know whether it is the last", async () => {
  const { rows, last } = await newHistory().page(reader, { ...query(), limit: 10 }, outgoing);
  const newest = Array.from({ length: 10 }, (_, at) => placeOf(total - 1 - at));
  expect(placesOf(rows)).toEqual(newest);
  expect(last).toEqual(newest.at(-1));
  expect([examined, read]).toEqual([11, 10]);
  const before = { height: 2, index: 1 };
  const end = await newHistory().page(reader, { ...query(), range: { before }, limit: 10 }, outgoing);
  expect(placesOf(end.rows)).toEqual([3, 2, 1, 0].map(placeOf));
  expect(end.last).toBeUndefined();
});

test("a filter that little passes is given up after some entries, and the next page goes on from there", async () => {
  const { entriesPerPage } = historyLimits;
  const rare = query({ mayMatch: ({ height, index }) => height === 20_000 && index === 1 });
  const found = [];
  let range: HistoryRange = {};
  let pages = 0;
  for (;;) {
    examined = 0;
    const { rows, last } = await newHistory().page(reader, { ...rare, range, limit: 100 }, outgoing);
    found.push(...rows);
    pages++;
    expect(examined).toBeLessThan(1.1 * entriesPerPage);
    if (!last) break;
    range = { before: last };
  }
  expect(placesOf(found)).toEqual([{ height: 20_000, index: 1 }]);
  expect(pages).toBe(total / entriesPerPage);
});

test("a filter that looks into transactions reads a number of them at most", async () => {
  const { rowsPerPage, rowsPerTurn } = historyLimits;
  const none = query({ matches: () => false });
  const { rows, last } = await newHistory().page(reader, { ...none, limit: 100 }, outgoing);
  expect(rows).toEqual([]);
  expect(read).toBe(rowsPerPage);
  expect(last).toEqual(placeOf(total - rowsPerPage));
  // Turn by turn, with one entry more each.
  expect(examined).toBe(rowsPerPage + rowsPerPage / rowsPerTurn);
});

test("everything is read in turns, the oldest first if so wished", async () => {
  const all = newHistory().all(
    reader,
    { ...query(), newestFirst: false, range: { before: { height: 101, index: 0 } } },
    outgoing,
  );
  const parts = await collect(all);
  expect(placesOf(parts.flat())).toEqual(Array.from({ length: 300 }, (_, at) => placeOf(at)));
  expect(parts.map(({ length }) => length)).toEqual([100, 100, 100]);
});

test("one read is under way at a time for many requests, each in its turn", async () => {
  const history = newHistory();
  const pages = await Promise.all(
    Array.from({ length: 70 }, (_, client) =>
      history.page(reader, { ...query(), limit: 3 }, answerTo(`10.1.0.${client}`)),
    ),
  );
  expect(most).toBe(1);
  expect(pages.map(({ rows }) => rows.length)).toEqual(pages.map(() => 3));
});

test("nothing more is read for a client that has disconnected", async () => {
  const gone = answerTo("10.0.0.1") as unknown as { closed: boolean };
  const closing = {
    ...reader,
    async rows(entries: readonly AccountEntry[]) {
      gone.closed = true;
      return reader.rows(entries);
    },
  } as unknown as HistoryReader;
  const none = query({ matches: () => false });
  await newHistory().page(closing, { ...none, limit: 9 }, gone as unknown as ServerResponse);
  gone.closed = false;
  await collect(newHistory().all(closing, query(), gone as unknown as ServerResponse));
  expect(read).toBe(9 + historyLimits.rowsPerTurn);
});

test("the client pays for what is examined and for what is read", async () => {
  const limiter = new ClientLimiter(new ManualClock(), rate, rate);
  const history = newHistory(limiter);
  const none = query({ mayMatch: () => false });
  // 20,000 entries cost 80 tokens, and 100 transactions 4 of 100.
  await history.page(reader, { ...none, limit: 100 }, outgoing);
  await history.page(reader, { ...query(), limit: 100 }, outgoing);
  expect(limiter.retryAfterS("10.0.0.1")).toBe(0);
  await history.page(reader, { ...none, limit: 100 }, outgoing);
  // One token was taken by the question above.
  expect(limiter.retryAfterS("10.0.0.1")).toBe(Math.ceil(1 - (100 - 80 - 4.4 - 1 - 80)));
  expect(limiter.retryAfterS("10.0.0.2")).toBe(0);
});

test("a debt is never larger than a burst", () => {
  const limiter = new ClientLimiter(new ManualClock(), rate, rate);
  limiter.charge("10.0.0.1", 1e9);
  expect(limiter.retryAfterS("10.0.0.1")).toBe(101);
});

test("a reorganization between two reads does not put the balances of one branch beside transfers of the other", async () => {
  const address = new Uint8Array(32);
  let branch = 1n;
  const histories = {
    async *entries() {
      yield [{ height: 1, index: 0, kind: "sent", amount: branch, fee: 1n, balance: 10n * branch }];
    },
  } as unknown as HistoryStore;
  const blocks = {
    async canonicalTimes() {
      if (branch === 1n) history.forgetBlocks();
      branch = 2n;
      return [{ height: 1, id: address, timestamp: 0 }];
    },
    async encodedTransactions() {
      const rest = { fee: 1n, nonce: 0, validUntil: 0, memo: new Uint8Array() };
      const message = { from: address, to: address, amount: branch, ...rest };
      return [Transaction.serialize({ message, signature: new Uint8Array(64) })];
    },
  } as unknown as BlockStore;
  const history: HistoryReader = new HistoryReader({ blocks, histories }, { id: address } as Genesis, () =>
    expect.unreachable(),
  );
  const { rows } = await newHistory().page(history, { ...query(), limit: 1 }, outgoing);
  expect(rows).toMatchObject([{ entry: { amount: 2n, balance: 20n }, record: { amount: 2n } }]);
});
