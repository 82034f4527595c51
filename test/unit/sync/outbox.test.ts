import { expect, test } from "vitest";
import { maxGossipTransactions } from "../../../protocols/index.ts";
import { Outbox } from "../../../src/sync/outbox.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";
import { testPool } from "../support/mempool.ts";

async function outboxOf() {
  const clock = new ManualClock();
  const { mempool, maker } = await testPool();
  const [record] = mempool.records([await maker.transfer({})]);
  const published: number[] = [];
  const startedAt = clock.now();
  const publish = async () => published.push(clock.now() - startedAt);
  const topics = { publish, publishBlock: publish, publishVote: publish };
  const outbox = new Outbox({ topics, mempool, clock, logger: silentLogger });
  return { clock, outbox, record: record!, published };
}

test("sends what a reorganization returns in portions", async () => {
  const { clock, outbox, record, published } = await outboxOf();
  outbox.publishTransactions(new Array(16 * maxGossipTransactions + 1).fill(record));
  await clock.advance(5);
  expect(published).toHaveLength(16);
  await clock.advance(5);
  expect(published).toHaveLength(17);
});

test("publishes at once after a quiet moment, and every 100 ms under load", async () => {
  const { clock, outbox, record, published } = await outboxOf();
  for (let ms = 0; ms < 300; ms++) {
    outbox.publishTransactions([record]);
    await clock.advance(1);
  }
  await clock.advance(500);
  outbox.publishTransactions([record]);
  await clock.advance(5);
  expect(published).toEqual([5, 105, 205, 305, 805]);
});
