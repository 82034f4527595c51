import type { ServerResponse } from "node:http";
import { beforeEach, expect, test } from "vitest";
import { AccountHistory } from "../../../src/api/account-history.ts";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import type { BlockReader } from "../../../src/chain/block-reader.ts";
import { type Clock, systemClock } from "../../../src/util/clock.ts";
import { ManualClock } from "../support/clock.ts";

const answerTo = (remoteAddress: string) =>
  ({ closed: false, req: { socket: { remoteAddress } } }) as unknown as ServerResponse;
const outgoing = answerTo("10.0.0.1");
const rate = { perSecond: 1, burst: 100 };

let reads: [height: number, indexes: readonly number[]][];
let atOnce = 0;
let most = 0;
let blockBytes: number;

/** An account with three transactions in each of 100 blocks. */
const reader = {
  async history(_: number, before: { height: number; index: number } | undefined, limit: number) {
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce--;
    const all = Array.from({ length: 300 }, (_, at) => ({
      height: 100 - Math.floor(at / 3),
      index: 2 - (at % 3),
    }));
    const from = before
      ? all.findIndex((place) => place.height === before.height && place.index === before.index) + 1
      : 0;
    return all.slice(from, from + limit);
  },
  bodyBytesAt: async () => blockBytes,
  async transactionsAt(height: number, indexes: readonly number[]) {
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce--;
    reads.push([height, indexes]);
    return indexes.map((index) => ({ height, index }));
  },
} as unknown as BlockReader;

beforeEach(() => {
  reads = [];
  atOnce = most = 0;
  blockBytes = 1_000;
});

type Page = Parameters<AccountHistory["read"]>[1];

/** Pages of transactions as they are read. */
function historyOf(clock: Clock, limiter: ClientLimiter) {
  const history = new AccountHistory(new DearReads(clock), limiter);
  return {
    read: (from: BlockReader, query: Page, to: ServerResponse) =>
      history.read(from, query, to, (included) => [included]),
  };
}

const page = (limit: number) => ({ account: 1, before: undefined, limit });

test("a page reads each block once", async () => {
  const history = historyOf(systemClock, new ClientLimiter(systemClock, rate, rate));
  const { found, last } = await history.read(reader, page(10), outgoing);
  expect(found).toHaveLength(10);
  expect(last).toEqual({ height: 97, index: 2 });
  expect(reads).toEqual([
    [100, [2, 1, 0]],
    [99, [2, 1, 0]],
    [98, [2, 1, 0]],
    [97, [2]],
  ]);
});

test("a page of transactions in large blocks is shorter, and the next page continues after it", async () => {
  blockBytes = 3 * 2 ** 20;
  const history = historyOf(systemClock, new ClientLimiter(systemClock, rate, rate));
  const { found, last } = await history.read(reader, page(100), outgoing);
  expect(found).toHaveLength(6);
  const next = await history.read(reader, { ...page(100), before: last }, outgoing);
  expect(next.found[0]).toEqual({ height: 98, index: 2 });
  // At least one block is always read.
  blockBytes = 16 * 2 ** 20;
  expect((await history.read(reader, page(100), outgoing)).found).toHaveLength(3);
});

test("reads the index and one block at a time for many requests, each in its turn", async () => {
  const history = historyOf(systemClock, new ClientLimiter(systemClock, rate, rate));
  const pages = await Promise.all(
    Array.from({ length: 70 }, (_, client) => history.read(reader, page(3), answerTo(`10.1.0.${client}`))),
  );
  expect(most).toBe(1);
  expect(pages.map(({ found }) => found.length)).toEqual(pages.map(() => 3));
});

test("stops reading for a client that has disconnected", async () => {
  const gone = { ...outgoing, closed: false };
  const closing = {
    ...reader,
    async transactionsAt(height: number, indexes: readonly number[]) {
      gone.closed = true;
      return reader.transactionsAt(height, indexes);
    },
  } as unknown as BlockReader;
  const history = historyOf(systemClock, new ClientLimiter(systemClock, rate, rate));
  const { found } = await history.read(closing, page(9), gone as unknown as ServerResponse);
  expect(found).toHaveLength(3);
  expect(reads).toHaveLength(1);
});

test("charges the client for what was read", async () => {
  blockBytes = 2 ** 20;
  const limiter = new ClientLimiter(new ManualClock(), rate, rate);
  const history = historyOf(systemClock, limiter);
  expect(limiter.retryAfterS("10.0.0.1")).toBe(0);
  for (let asked = 0; asked < 2; asked++) await history.read(reader, page(6), outgoing);
  // The read costs 128 of 100 tokens.
  expect(limiter.retryAfterS("10.0.0.1")).toBe(30);
  expect(limiter.retryAfterS("10.0.0.2")).toBe(0);
});

test("a debt is never larger than a burst", () => {
  const limiter = new ClientLimiter(new ManualClock(), rate, rate);
  limiter.charge("10.0.0.1", 1e9);
  expect(limiter.retryAfterS("10.0.0.1")).toBe(101);
});
