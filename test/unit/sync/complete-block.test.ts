import { expect, test } from "vitest";
import { blockTransactions } from "../../../protocols/index.ts";
import { completeBlock } from "../../../src/sync/complete-block.ts";
import { type TransactionRecord, Transactions } from "../../../src/types/index.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { BlockMaker, testGenesis } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { settledClock, syncNode } from "../support/sync-node.ts";

const genesis = await testGenesis();
const maker = new BlockMaker(genesis);
const transactions = await Promise.all([0, 1, 2, 3].map((nonce) => maker.transfer({ nonce })));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Completes a block of these transactions, of which the pool has the first `known`, and of more that nobody has; `peer`
 * answers with `answer`.
 */
async function completing(known: number, answer = transactions.slice(known), mayRequest = true, more = 0) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const node = await syncNode(net, "node", genesis);
  const peer = net.node("peer");
  net.connect(node.network, peer);
  const asked: number[][] = [];
  peer.serve(blockTransactions, async function* ({ indexes }) {
    asked.push([...indexes]);
    yield Transactions.serialize(answer);
  });
  const records = node.mempool.records(transactions);
  const pool = new Map(records.slice(0, known).map((record) => [record.id[0]!, record]));
  let lookups = 0;
  let listeners = 0;
  const events = new Emitter<{ added: TransactionRecord }>(silentLogger);
  const mempool = {
    byShortId(shortId: Uint8Array) {
      lookups++;
      return pool.get(shortId[0]!);
    },
    events: {
      on(name: "added", listener: () => void) {
        listeners++;
        const stop = events.on(name, listener);
        return () => {
          listeners--;
          stop();
        };
      },
    },
  };
  let done: { records?: TransactionRecord[] | undefined; code?: string } | undefined;
  const stop = new AbortController();
  const announced = {
    id: new Uint8Array(32),
    shortIds: concatBytes(...records.map(({ id }) => id.slice(0, 8)), new Uint8Array(8 * more)),
    from: "peer",
    mayRequest: (count: number) => mayRequest && count > 0,
  };
  const sources = { ...node, clock, mempool: mempool as never, signal: stop.signal };
  completeBlock(announced, sources).then(
    (complete) => {
      done = { records: complete };
    },
    (error) => {
      done = { code: error.code };
    },
  );
  await turn();
  return {
    asked,
    records,
    stop,
    outcome: () => done,
    lookups: () => lookups,
    listeners: () => listeners,
    advance: (ms: number) => clock.advance(ms),
    /** The pool finds it from now on, but has not added it. */
    hold: (index: number) => pool.set(records[index]!.id[0]!, records[index]!),
    add(index: number) {
      pool.set(records[index]!.id[0]!, records[index]!);
      events.emit("added", records[index]!);
    },
  };
}

test("a block whose transactions are all in the pool is complete at once", async () => {
  const { asked, records, outcome, lookups } = await completing(4);
  expect(outcome()).toEqual({ records });
  expect(lookups()).toBe(4);
  expect(asked).toEqual([]);
});

test("the last transaction that arrives completes the block at once, and looks only for what is missing", async () => {
  const { add, asked, records, outcome, lookups, listeners } = await completing(2);
  add(2);
  await turn();
  expect(outcome()).toBeUndefined();
  expect(lookups()).toBe(4 + 2);
  add(3);
  await turn();
  await turn();
  expect(outcome()).toEqual({ records });
  expect(listeners()).toBe(0);
  expect(asked).toEqual([]);
});

test.each([
  [1_024, 1_024],
  [1_025, 0],
])("while %i transactions are missing, one that arrives has %i looked up", async (missing, looked) => {
  const { add, lookups, listeners } = await completing(3, [], false, missing - 1);
  while (listeners() === 0) await turn();
  const before = lookups();
  add(3);
  expect(lookups() - before).toBe(looked);
});

test("requests what is still missing after a moment, each at its place", async () => {
  const { add, advance, asked, records, outcome, listeners } = await completing(2, [transactions[2]!]);
  add(3);
  await advance(14);
  expect(asked).toEqual([]);
  await advance(1);
  expect(asked).toEqual([[2]]);
  expect(outcome()).toEqual({ records });
  expect(listeners()).toBe(0);
});

test("nothing is requested that may not be", async () => {
  const { advance, asked, outcome } = await completing(2, transactions.slice(2), false);
  await advance(15);
  expect(asked).toEqual([]);
  expect(outcome()).toEqual({ records: undefined });
});

test("a transaction that is being checked when the moment ends is not requested", async () => {
  const { advance, asked, hold, records, outcome } = await completing(3);
  hold(3);
  await advance(15);
  expect(asked).toEqual([]);
  expect(outcome()).toEqual({ records });
});

test.each([
  ["fewer", transactions.slice(2, 3)],
  ["more", [...transactions.slice(2), transactions[0]!]],
])("an answer of %s transactions than were requested is malformed", async (_, answer) => {
  const { advance, outcome } = await completing(2, answer);
  await advance(15);
  expect(outcome()).toEqual({ code: "MALFORMED" });
});

test("a stop ends the wait for missing transactions", async () => {
  const { stop, outcome, listeners } = await completing(2);
  stop.abort();
  await turn();
  expect(outcome()).toEqual({ code: "aborted" });
  expect(listeners()).toBe(0);
});
