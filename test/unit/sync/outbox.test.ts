import { expect, test } from "vitest";
import { maxGossipTransactions } from "../../../protocols/index.ts";
import { Outbox } from "../../../src/sync/outbox.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";
import { testPool } from "../support/mempool.ts";

test("sends what a reorganization returns in portions", async () => {
  const clock = new ManualClock();
  const { mempool, maker } = await testPool();
  const [record] = mempool.records([await maker.transfer({})]);
  let published = 0;
  const publish = async () => ++published;
  const topics = { publish, publishBlock: publish, publishVote: publish };
  const outbox = new Outbox({ topics, mempool, clock, logger: silentLogger });
  outbox.publishTransactions(new Array(16 * maxGossipTransactions + 1).fill(record));
  await clock.advance(5);
  expect(published).toBe(16);
  await clock.advance(5);
  expect(published).toBe(17);
});
