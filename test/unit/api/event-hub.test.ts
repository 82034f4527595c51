import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { DearReads } from "../../../src/api/dear-reads.ts";
import { EventHub } from "../../../src/api/event-hub.ts";
import { type EventName, eventNames } from "../../../src/api/event-texts.ts";
import { defaultHttpLimits } from "../../../src/api/limits.ts";
import { overloaded } from "../../../src/api/problem.ts";
import type { ApiServices } from "../../../src/api/services.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { type Clock, systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase } from "../support/database.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The part of a response that a stream uses. */
class Outgoing extends EventEmitter {
  /** False if the reader does not read for now. */
  reads = true;
  readonly req: { socket: { remoteAddress: string } };
  readonly headersSent = true;
  readonly written: string[] = [];
  constructor(remoteAddress: string) {
    super();
    this.req = { socket: { remoteAddress } };
  }
  writeHead(): void {}
  write(text: string): boolean {
    return this.written.push(text) > 0 && this.reads;
  }
  end(): void {}
}

const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

let log: EventLog;
let hub: EventHub;
let reads: DearReads;
beforeEach(async () => {
  log = await EventLog.open({ database: new MemoryDatabase(), logger: silentLogger });
  reads = new DearReads(systemClock);
  hub = hubBy(systemClock);
});
afterEach(() => hub.close());

function hubBy(clock: Clock): EventHub {
  const services = { eventLog: log, ledger: () => undefined, clock, logger: silentLogger };
  return new EventHub(services as unknown as ApiServices, defaultHttpLimits, reads);
}

const open = async (address = "127.0.0.1", after?: number, wanted: readonly EventName[] = eventNames) => {
  const outgoing = new Outgoing(address);
  await hub.open(outgoing as unknown as ServerResponse, new Set(wanted), after);
  return outgoing;
};

async function openAndClose(count: number): Promise<WeakRef<Outgoing>[]> {
  const closed: WeakRef<Outgoing>[] = [];
  for (let made = 0; made < count; made++) {
    const outgoing = await open();
    await turns();
    outgoing.emit("close");
    closed.push(new WeakRef(outgoing));
  }
  return closed;
}

test("releases streams that close while nothing happens", async () => {
  const closed = await openAndClose(200);
  expect(hub.streams).toBe(0);
  await turns();
  collectGarbage();
  // A few streams may still be on the stack.
  expect(closed.filter((stream) => stream.deref()).length).toBeLessThan(5);
});

test("a stream that is being opened when the server closes is refused, and nothing is written to it", async () => {
  const opened = await open();
  const ends = vi.spyOn(Outgoing.prototype, "end");
  onTestFinished(() => ends.mockRestore());
  const opening = open();
  hub.close();
  await expect(opening).rejects.toMatchObject({ code: "ENDING" });
  await expect(open()).rejects.toMatchObject({ code: "ENDING" });
  expect(new Set(ends.mock.contexts)).toEqual(new Set([opened]));
  expect(hub.streams).toBe(0);
});

test("gives one client a quarter of the streams, and this machine all of them", async () => {
  const { maxEventStreams } = defaultHttpLimits;
  const openMany = (count: number, address: string) =>
    Promise.allSettled(Array.from({ length: count }, () => open(address)));
  const opened = async (count: number, address: string) =>
    (await openMany(count, address)).filter(({ status }) => status === "fulfilled").length;
  expect(await opened(maxEventStreams, "203.0.113.1")).toBe(maxEventStreams / 4);
  await expect(open("203.0.113.1")).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(await opened(maxEventStreams, "2001:db8:1:2::1")).toBe(maxEventStreams / 4);
  await expect(open("2001:db8:1:2::9")).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(await opened(maxEventStreams / 2, "127.0.0.1")).toBe(maxEventStreams / 2);
});

test("when four addresses hold all streams, one of them gives way to this machine, and to a fifth address", async () => {
  const { maxEventStreams } = defaultHttpLimits;
  const ends = vi.spyOn(Outgoing.prototype, "end");
  onTestFinished(() => ends.mockRestore());
  const crowd: Outgoing[] = [];
  for (let index = 0; index < maxEventStreams; index++) crowd.push(await open(`203.0.113.${index % 4}`));
  await expect(open("203.0.113.1")).rejects.toMatchObject({ code: "OVERLOADED" });
  const others = [await open("127.0.0.1"), await open("198.51.100.1")];
  expect(hub.streams).toBe(maxEventStreams);
  const ended = new Set(ends.mock.contexts as Outgoing[]);
  expect(ended.size).toBe(2);
  expect(crowd.filter((outgoing) => ended.has(outgoing))).toHaveLength(2);
  for (const outgoing of others) outgoing.emit("close");
  await open("198.51.100.2");
  expect(hub.streams).toBe(maxEventStreams - 1);
});

test("delivers events to open streams after others have closed", async () => {
  const outgoing = await open();
  await openAndClose(3);
  await log.append([{ name: "mode", mode: "ready" }]);
  await expect.poll(() => outgoing.written.join("")).toContain('data: {"mode":"ready"}');
});

test("charges the client for older events that it looks through in vain, and nobody for new ones", async () => {
  const paid: string[] = [];
  const run = reads.run.bind(reads);
  reads.run = async (address, read) => {
    const result = await run(address, read);
    paid.push(address);
    return result;
  };
  await log.append(Array.from({ length: 500 }, () => ({ name: "mode", mode: "boot" })));
  const outgoing = await open("203.0.113.1", 0, ["block"]);
  await expect.poll(() => paid.length).toBe(5);
  expect(new Set(paid)).toEqual(new Set(["203.0.113.1"]));
  const other = await open("203.0.113.2", undefined, ["mode"]);
  await log.append([{ name: "mode", mode: "ready" }]);
  await expect.poll(() => other.written.join("")).toContain('data: {"mode":"ready"}');
  await turns();
  expect(paid).toHaveLength(5);
  expect(outgoing.written.join("")).not.toContain("event:");
});

test("does not read the log for new transactions that a stream does not want; a heartbeat tells their numbers", async () => {
  hub.close();
  const clock = new ManualClock();
  hub = hubBy(clock);
  const outgoing = await open("127.0.0.1", undefined, ["mode"]);
  await turns();
  const read = vi.spyOn(log, "read");
  for (let count = 0; count < 3; count++) await log.append([{ name: "transaction", id: new Uint8Array(32) }]);
  await turns();
  expect(read).not.toHaveBeenCalled();
  await log.append([{ name: "mode", mode: "ready" }]);
  await clock.advance(100);
  await expect.poll(() => outgoing.written.join("")).toContain("id: 4\nevent: mode");
  await log.append([{ name: "transaction", id: new Uint8Array(32) }]);
  await clock.advance(2 * defaultHttpLimits.heartbeatMs);
  await expect.poll(() => outgoing.written.join("")).toContain(": heartbeat\nid: 5");
});

test("a stream that was not read for a while pays for what it missed", async () => {
  const run = vi.spyOn(reads, "run");
  const outgoing = await open("203.0.113.1");
  await turns();
  outgoing.reads = false;
  await log.append([{ name: "mode", mode: "boot" }]);
  await expect.poll(() => outgoing.written.join("")).toContain('data: {"mode":"boot"}');
  outgoing.reads = true;
  await log.append([{ name: "mode", mode: "ready" }]);
  await turns();
  expect(run).not.toHaveBeenCalled();
  outgoing.emit("drain");
  await expect.poll(() => outgoing.written.join("")).toContain('data: {"mode":"ready"}');
  expect(run).toHaveBeenCalledWith("203.0.113.1", expect.any(Function));
});

test("a stream for which the node is too busy waits, and misses nothing", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const run = reads.run.bind(reads);
  let refusals = 2;
  reads.run = (address, read) =>
    refusals-- > 0 ? Promise.reject(overloaded("too busy")) : run(address, read);
  await log.append([{ name: "mode", mode: "boot" }]);
  const outgoing = await open("203.0.113.1", 0);
  for (let second = 0; second < 2; second++) {
    await turns();
    expect(outgoing.written.join("")).not.toContain("event: mode");
    vi.advanceTimersByTime(1_000);
  }
  await turns();
  expect(outgoing.written.join("")).toContain("id: 1\nevent: mode");
});
