import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { defaultMempoolLimits } from "../../../src/mempool/limits.ts";
import { Pool } from "../../../src/mempool/pool.ts";
import { PoolEntry } from "../../../src/mempool/pool-entry.ts";
import {
  computeDomain,
  decodeRecords,
  encodeRecords,
  maxMemoBytes,
  transactionRecords,
  zero32,
} from "../../../src/types/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const domain = computeDomain("transaction", zero32);
const perList = 500;
const senders = 100;

/** Bytes in use after a collection, buffers included, which another thread frees. */
async function inUse(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Records as they come out of a message: views of one list, of accounts in turns. */
function listOf(first: number, memoBytes: number) {
  const transactions = Array.from({ length: perList }, (_, index) => {
    const number = first + index;
    const from = new Uint8Array(32).fill(number % senders);
    const nonce = Math.floor(number / senders);
    const memo = new Uint8Array(memoBytes);
    return {
      message: { from, to: from, amount: 1n, fee: 1n, nonce, validUntil: 1_000, memo },
      signature: new Uint8Array(64).fill(number),
    };
  });
  return decodeRecords(encodeRecords(transactionRecords(transactions, domain)), domain);
}

// The rest of 150 MB is for what is garbage, for the disk, and for what else a flood brings about.
test.each([0, maxMemoBytes])("a full pool takes at most 85 MB if memos have %i bytes", async (memoBytes) => {
  const pool = new Pool(() => ({ balance: 1n, nonce: 0 }));
  const { maxCount, maxBytes } = defaultMempoolLimits;
  const before = await inUse();
  for (let sequence = 0; sequence < 20_000; sequence += perList) {
    const batch = { sequence, receivedAtMs: sequence, waiting: perList, written: Promise.resolve() };
    for (const [index, record] of listOf(sequence, memoBytes).entries()) {
      const entry = new PoolEntry(record, {
        receivedAtMs: 2 ** 40 + index,
        hides: [],
        sequence: sequence + index,
      });
      entry.batch = batch;
      pool.insert(entry);
    }
  }
  const bytesEach = ((await inUse()) - before) / pool.count;
  const full = Math.min(maxCount, maxBytes / (pool.bytes / pool.count));
  expect((bytesEach * full) / 1e6).toBeLessThan(85);
  // All of the measured transactions are in the pool.
  expect(pool.get([...pool.entries()].at(-1)!.idHex)?.bytes).toBe(168 + memoBytes);
});
