import { expect, test, vi } from "vitest";
import { DearReads, dearReadLimits } from "../../../src/api/dear-reads.ts";
import { ManualClock } from "../support/clock.ts";

const { time, waiting, waitingPerClient } = dearReadLimits;

/** Makes reads that each take this long on the thread by the given clock. */
function setUp(tookMs: number) {
  const clock = new ManualClock();
  let busyMs = 0;
  const order: string[] = [];
  let atOnce = 0;
  let most = 0;
  const reads = new DearReads(
    clock,
    () => busyMs,
    async () => undefined,
  );
  const read = (address: string, ended?: AbortSignal) =>
    reads.run(
      address,
      async () => {
        most = Math.max(most, ++atOnce);
        await undefined;
        atOnce--;
        busyMs += tookMs;
        order.push(address);
      },
      ended,
    );
  return { clock, order, read, most: () => most };
}

const many = (count: number, read: () => Promise<void>) => Array.from({ length: count }, read);

test("reads run one at a time, at once while there is time left, then by their share of the thread", async () => {
  const tookMs = 20;
  const { clock, order, read, most } = setUp(tookMs);
  const all = Promise.all(many(32, () => read("10.0.0.1")));
  await clock.advance(0);
  const atOnce = Math.ceil(time.requests / tookMs);
  expect(order).toHaveLength(atOnce);
  const aSecond = Math.floor(time.requests / tookMs);
  await clock.advance(200);
  expect(order.length - atOnce).toBeLessThanOrEqual(aSecond / 5 + 1);
  await clock.advance(time.perMs);
  await all;
  expect(most()).toBe(1);
});

test("serves the client first that has used least, and programs of this machine at once", async () => {
  const { clock, order, read } = setUp(time.requests);
  const flood = many(10, () => read("10.0.0.1"));
  await clock.advance(0);
  const done = order.length;
  const others = [read("10.0.0.2"), read("127.0.0.1")];
  await clock.advance(0);
  expect(order.slice(done)).toEqual(["127.0.0.1"]);
  await clock.advance(2 * time.perMs);
  expect(order.slice(done + 1, done + 3)).toContain("10.0.0.2");
  await clock.advance(20 * time.perMs);
  await Promise.all([...flood, ...others]);
});

test("the work to choose the next read grows with the clients that wait, not with their reads", async () => {
  const { clock, order, read } = setUp(0);
  const asked = vi.spyOn(clock, "now");
  const crowd = Array.from({ length: waiting }, (_, n) => read(`10.0.${n % 4}.1`));
  await Promise.all([...crowd, clock.advance(0)]);
  expect(order).toHaveLength(waiting);
  expect(asked.mock.calls.length / waiting).toBeLessThan(10);
});

const refused = async (reads: Promise<void>[]) =>
  (await Promise.allSettled(reads)).filter(({ status }) => status === "rejected").length;

test("limits the waiting reads of a client, and counts one IPv6 network as one", async () => {
  const { clock, read } = setUp(1);
  // One of the reads runs.
  const first = refused(many(waitingPerClient + 5, () => read("10.0.0.1")));
  const same = refused(many(waitingPerClient, () => read("2001:db8::1")));
  const neighbour = refused(many(3, () => read("2001:db8::2")));
  await clock.advance(20 * time.perMs);
  expect([await first, await same, await neighbour]).toEqual([4, 0, 3]);
});

test("when four addresses hold all places to wait, the oldest read of one gives way to a fifth, which is served soon", async () => {
  const { clock, order, read } = setUp(10);
  // One more, which runs.
  const crowd = Array.from({ length: waiting + 1 }, (_, n) => read(`10.0.${n % 4}.1`));
  const given = refused(crowd);
  const others = refused([read("10.0.1.1"), read("10.0.9.1")]);
  await clock.advance(0);
  expect(order.indexOf("10.0.9.1")).toBeLessThan(6);
  await clock.advance(60 * time.perMs);
  expect([await given, await others]).toEqual([1, 1]);
});

test("goes on with later reads after all that waited were given up at once", async () => {
  const { clock, order, read } = setUp(2 * time.requests);
  await Promise.all([read("10.0.0.1"), clock.advance(0)]);
  const end = new AbortController();
  const ended = refused(many(3, () => read("10.0.0.1", end.signal)));
  await clock.advance(0);
  end.abort();
  expect(await ended).toBe(3);
  await clock.advance(10 * time.perMs);
  const later = read("10.0.0.2");
  await clock.advance(10 * time.perMs);
  await later;
  expect(order).toEqual(["10.0.0.1", "10.0.0.2"]);
});

test("a read that is given up is finished if it has begun, and not begun otherwise", async () => {
  const { clock, order, read } = setUp(1);
  const end = new AbortController();
  const begun = read("10.0.0.1", end.signal);
  end.abort();
  const late = refused([read("10.0.0.2", end.signal)]);
  await clock.advance(0);
  await begun;
  expect([await late, order]).toEqual([1, ["10.0.0.1"]]);
});

test("lets other work run between reads that wait for nothing", async () => {
  const order: string[] = [];
  const reads = new DearReads(new ManualClock());
  const read = () => reads.run("10.0.0.1", async () => void order.push("read"));
  const all = many(3, read);
  setImmediate(() => order.push("other work"));
  await Promise.all(all);
  expect(order).toEqual(["read", "other work", "read", "read"]);
});

test("a read that fails does not affect the others", async () => {
  const reads = new DearReads(new ManualClock());
  const failed = reads.run("10.0.0.1", () => Promise.reject(new Error("damaged")));
  const other = reads.run("10.0.0.1", async () => "read");
  await expect(failed).rejects.toThrow("damaged");
  expect(await other).toBe("read");
});
