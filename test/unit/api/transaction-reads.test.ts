import type { ServerResponse } from "node:http";
import { beforeEach, expect, test } from "vitest";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import { TransactionReads } from "../../../src/api/transaction-reads.ts";
import type { BlockReader } from "../../../src/chain/block-reader.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { ManualClock } from "../support/clock.ts";

const rate = { perSecond: 1, burst: 10_000 };
const perBlock = 1_000;

let bodies: number[];
let blockBytes: number;
let outgoing: ServerResponse;
let limiter: ClientLimiter;
let turns: number;
let transactions: TransactionReads;

const idOf = (number: number) => uint32Bytes(number);
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => idOf(from + at));

/** A chain that holds transactions 0 to 99,999, a thousand in each block. */
const reader = {
  async placesOf(id: Uint8Array) {
    const number = new DataView(id.buffer, id.byteOffset).getUint32(0);
    return number < 100_000 ? [{ height: Math.floor(number / perBlock), index: number % perBlock }] : [];
  },
  readBytesAt: async () => blockBytes,
  async transactionsAt(height: number, indexes: readonly number[]) {
    bodies.push(height);
    return indexes.map((index) => ({
      record: { idHex: toHex(idOf(height * perBlock + index)) },
      block: { height },
    }));
  },
} as unknown as BlockReader;

const tokensSpent = () => {
  let left = 0;
  while (limiter.retryAfterS("10.0.0.1") === 0) left++;
  return rate.burst - left;
};

beforeEach(() => {
  bodies = [];
  turns = 0;
  blockBytes = 2 ** 20;
  outgoing = { closed: false, req: { socket: { remoteAddress: "10.0.0.1" } } } as unknown as ServerResponse;
  const clock = new ManualClock();
  limiter = new ClientLimiter(clock, rate, rate);
  const reads = new DearReads(clock, () => 0);
  const run = reads.run.bind(reads);
  reads.run = (address, read) => {
    turns++;
    return run(address, read);
  };
  transactions = new TransactionReads(reads, limiter);
});

test("a request reads each block once, in a turn of its own, and pays for its bytes", async () => {
  const { found, unread } = await transactions.find(reader, numbers(2_000), outgoing);
  expect(bodies).toEqual([0, 1]);
  expect([found.size, unread.size]).toEqual([2_000, 0]);
  // The first 128 ids were looked up at once.
  expect(turns).toBe(15 + 2);
  expect(tokensSpent()).toBe((2 * 2 ** 20) / (32 * 1024) + 2_000 / 16);
});

test("a request reads 32 MiB of blocks at most, and says which transactions it has not looked for", async () => {
  const spread = Array.from({ length: 100 }, (_, at) => idOf(at * perBlock));
  const { found, unread } = await transactions.find(reader, [...spread, idOf(200_000)], outgoing);
  expect(bodies).toHaveLength(32);
  expect(found.size).toBe(32);
  expect([...unread]).toEqual(spread.slice(32).map(toHex));
});

test("blocks without size count too", async () => {
  outgoing.req.socket = { remoteAddress: "::1" } as typeof outgoing.req.socket;
  const many = {
    ...reader,
    placesOf: async (id: Uint8Array) => [
      { height: new DataView(id.buffer, id.byteOffset).getUint32(0), index: 0 },
    ],
    readBytesAt: async () => 0,
  } as unknown as BlockReader;
  await transactions.find(many, numbers(5_000), outgoing);
  expect(bodies).toHaveLength(2 ** 11);
});

test("one transaction of a small block is read at once, one of a large block in its turn", async () => {
  blockBytes = 10_000;
  expect(await transactions.one(reader, idOf(5), outgoing)).toMatchObject({ block: { height: 0 } });
  expect(turns).toBe(0);
  blockBytes = 2 ** 23;
  expect(await transactions.one(reader, idOf(1_005), outgoing)).toMatchObject({ block: { height: 1 } });
  expect(turns).toBe(1);
  expect(tokensSpent()).toBeGreaterThanOrEqual(256);
  expect(await transactions.one(reader, idOf(200_000), outgoing)).toBeUndefined();
});

test("stops reading for a client that has disconnected", async () => {
  const closing = {
    ...reader,
    async transactionsAt(height: number, indexes: readonly number[]) {
      (outgoing as { closed: boolean }).closed = true;
      return reader.transactionsAt(height, indexes);
    },
  } as unknown as BlockReader;
  await transactions.find(closing, [idOf(0), idOf(1_000)], outgoing);
  expect(bodies).toEqual([0]);
});

test("one transaction that a busy node does not read is answered OVERLOADED, and a list without it", async () => {
  const busy = {
    ...reader,
    transactionsAt: () => new Promise(() => undefined),
  } as unknown as BlockReader;
  for (let waiting = 0; waiting < 66; waiting++) {
    transactions.one(busy, idOf(waiting), outgoing).catch(() => undefined);
  }
  await new Promise((resolve) => setImmediate(resolve));
  await expect(transactions.one(reader, idOf(1), outgoing)).rejects.toMatchObject({ code: "OVERLOADED" });
  const { unread } = await transactions.find(reader, [idOf(1)], outgoing);
  expect(unread.size).toBe(1);
});
