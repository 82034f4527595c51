import { afterAll, beforeAll, expect, it } from "vitest";
import { ChronicleStore } from "../../../src/storage/chronicle.ts";
import { authority, type Fixture, startFixture, transactionJson } from "./fixture.ts";

const hourMs = 3_600_000;
let node: Fixture;

beforeAll(async () => {
  node = await startFixture();
  await node.post(transactionJson(await node.sign({})));
  for (let height = 1; height <= 3; height++) await node.produce();
});
afterAll(() => node.close());

it("lists figures by the hour, newest first, in pages", async () => {
  const head = node.chain.head.header.message.timestamp;
  const hour = Math.floor(head / hourMs);
  const figures = {
    ...{ fromHeight: 1, blocks: 0, transactions: 0, sinceMs: 5, untilMs: 6, longestMs: 7 },
    ...{ accounts: 2, authorities: 1, finalized: 4, finalityMs: 1_000 },
    missed: [{ authority: authority.publicKey, turns: 8 }],
  };
  const store = new ChronicleStore(node.database);
  for (const ago of [1, 2]) await store.putHour(hour - ago, { ...figures, fromHeight: ago });
  const all = (await node.get("/v1/figures")).body;
  const counts = all.hours.map(({ start, fromHeight }: { start: number; fromHeight: number }) => [
    start / hourMs - hour,
    fromHeight,
  ]);
  expect(counts).toEqual([
    [0, 1],
    [-1, 1],
    [-2, 2],
  ]);
  expect(all.next).toBeNull();
  expect(all.hours[0]).toMatchObject({ blocks: 3, transactions: 1, until: head, finality: null, missed: [] });
  expect(all.hours[1]).toMatchObject({
    ...{ since: 5, until: 6, longest: 7, finality: 250 },
    missed: [{ address: authority.address, turns: 8 }],
  });
  const first = (await node.get("/v1/figures?limit=2")).body;
  expect(first.hours).toEqual(all.hours.slice(0, 2));
  const second = (await node.get(`/v1/figures?limit=2&before=${first.next}`)).body;
  expect(second).toEqual({ hours: all.hours.slice(2), next: null });
});
