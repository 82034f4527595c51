import { inspect } from "node:util";
import { expect, test, vi } from "vitest";
import { EventLog, encodeEvents, type LoggedEvent } from "../../../src/storage/event-log.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { MemoryDatabase, toArray } from "../support/database.ts";

function id(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(uint32Bytes(number));
  return bytes;
}

function transactions(count: number): LoggedEvent[] {
  return Array.from({ length: count }, (_, index) => ({ name: "transaction", id: id(index) }));
}

const some: LoggedEvent[] = [
  { name: "mode", mode: "ready" },
  { name: "block", height: 1, id: id(1) },
  ...transactions(600),
  { name: "retracted", height: 1, id: id(1) },
  { name: "finalized", height: 2 ** 40, id: id(2) },
];

test("reads back what was recorded, from any number on", async () => {
  const database = new MemoryDatabase();
  const log = await EventLog.open({ database, logger: silentLogger });
  await log.append(some);
  const numbered = some.map((event, index) => ({ number: index + 1, event }));
  const texts = numbered.map((each) => inspect(each));
  // From memory, and from the disk.
  for (const each of [log, await EventLog.open({ database, logger: silentLogger })]) {
    const read = async (from: number, rows: number) =>
      (await toArray(each.read(from, rows))).map((event) => inspect(event));
    for (const from of [1, 2, 3, 4, 257, 258, 259, 602, 603, 604])
      expect(await read(from, 100)).toEqual(texts.slice(from - 1));
    expect(await read(605, 100)).toEqual([]);
    expect(await read(3, 2)).toEqual(texts.slice(2, 2 + 512));
  }
});

test("a reader without transactions learns only how far each of their rows goes", async () => {
  const log = await EventLog.open({ database: new MemoryDatabase(), logger: silentLogger });
  await log.append(some);
  const numbers = async (from: number) =>
    (await toArray(log.read(from, 100, false))).map(({ number }) => number).join();
  expect(await numbers(1)).toBe("1,2,258,514,602,603,604");
  expect([await numbers(258), await numbers(259), await numbers(602)]).toEqual([
    ...["258,514,602,603,604", "514,602,603,604", "602,603,604"],
  ]);
  expect(await numbers(605)).toBe("");
  expect((await toArray(log.read(602, 1, false)))[0]?.event).toEqual(some[601]);
});

test("the newest events are read without the database once they are on disk, and never before", async () => {
  const database = new MemoryDatabase();
  const log = await EventLog.open({ database, logger: silentLogger });
  const numbers = async (from: number) =>
    (await toArray(log.read(from, 100))).map(({ number }) => number).join();
  await log.append([...transactions(2), { name: "block", height: 1, id: id(1) }]);
  const iterate = vi.spyOn(database, "iterate");
  expect([await numbers(1), await numbers(2), await numbers(3), await numbers(4)]).toEqual([
    ...["1,2,3", "2,3", "3", ""],
  ]);
  expect(iterate).not.toHaveBeenCalled();
  const [earlier, later] = [
    log.prepare(encodeEvents(transactions(2))),
    log.prepare(encodeEvents(transactions(1))),
  ];
  expect([await numbers(2), await numbers(4)]).toEqual(["2,3", ""]);
  await database.commit([...earlier.writes, ...later.writes]);
  // The later one hears of it first.
  later.applied();
  expect(await numbers(4)).toBe("4,5,6");
  earlier.applied();
  iterate.mockClear();
  expect(await numbers(2)).toBe("2,3,4,5,6");
  for (let height = 2; height < 70; height++) await log.append([{ name: "block", height, id: id(height) }]);
  expect([await numbers(70), iterate.mock.calls.length]).toEqual(["70,71,72,73,74", 0]);
  expect((await numbers(1)).split(",")).toHaveLength(74);
  expect(iterate).toHaveBeenCalled();
});

test("continues the numbers after a restart", async () => {
  const database = new MemoryDatabase();
  expect(await (await EventLog.open({ database, logger: silentLogger })).last()).toBe(0);
  await (await EventLog.open({ database, logger: silentLogger })).append(some);
  const log = await EventLog.open({ database, logger: silentLogger });
  expect([log.first, await log.last()]).toEqual([1, some.length]);
  await log.append([{ name: "mode", mode: "boot" }]);
  expect(await toArray(log.read(some.length, 100))).toEqual([
    { number: some.length, event: some.at(-1) },
    { number: some.length + 1, event: { name: "mode", mode: "boot" } },
  ]);
});

test("events that never reached the disk have no number after a restart", async () => {
  const database = new MemoryDatabase();
  const log = await EventLog.open({ database, logger: silentLogger });
  await log.append(transactions(3));
  log.prepare(encodeEvents(transactions(5)));
  expect(await log.last()).toBe(3);
  const again = await EventLog.open({ database, logger: silentLogger });
  await again.append([{ name: "block", height: 1, id: id(1) }]);
  expect(await toArray(again.read(4, 10))).toEqual([
    { number: 4, event: { name: "block", height: 1, id: id(1) } },
  ]);
});

test("forgets the oldest, whole rows at a time", async () => {
  const database = new MemoryDatabase();
  const log = await EventLog.open({ database, logger: silentLogger, kept: 500 });
  for (let round = 0; round < 20; round++) {
    await log.append(transactions(100));
    await log.append([{ name: "block", height: round, id: id(round) }]);
  }
  await expect.poll(() => database.entries.size).toBeLessThan(40);
  const last = await log.last();
  expect(last).toBe(2_020);
  expect(log.first).toBeGreaterThan(1);
  expect(last - log.first).toBeGreaterThanOrEqual(500 - 1);
  const reopened = await EventLog.open({ database, logger: silentLogger, kept: 500 });
  expect(reopened.first).toBe(log.first);
  expect((await toArray(log.read(1, 1)))[0]?.number).toBe(log.first);
});

test("notifies its readers when something is on disk", async () => {
  const database = new MemoryDatabase();
  const log = await EventLog.open({ database, logger: silentLogger });
  const seen: number[] = [];
  log.events.on("appended", () => seen.push(database.commits));
  await log.append(transactions(1));
  expect(seen).toEqual([1]);
});

test("tells its readers whether there is anything but transactions, and nothing of no events", async () => {
  const log = await EventLog.open({ database: new MemoryDatabase(), logger: silentLogger });
  const seen: boolean[] = [];
  log.events.on("appended", ({ onlyTransactions }) => seen.push(onlyTransactions));
  await log.append(transactions(600));
  await log.append(some.slice(1, 3));
  await log.append(some.slice(0, 1));
  await log.append([]);
  log.announce();
  expect(seen).toEqual([true, false, false, false]);
});
