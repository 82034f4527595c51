import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { headEvents } from "../../../src/node/event-records.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { type Fixture, startFixture, transactionJson } from "./fixture.ts";
import { type RawConnection, rawConnection } from "./raw.ts";

/** Returns number, name and first member of the events in a stream's text. */
function told(text: string): string[] {
  return [...text.matchAll(/^id: (\d+)\nevent: (\w+)\ndata: {"\w+":"?([^",}]{1,70})/gm)].map(
    ([, number, name, value]) => `${number} ${name} ${value}`,
  );
}

/** Collects the numbers of events from now on, reading each chunk once. */
function numbersOf({ socket }: RawConnection): number[] {
  const numbers: number[] = [];
  let text = "";
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (const [, number] of text.matchAll(/^id: (\d+)\nevent: /gm)) numbers.push(Number(number));
    text = text.slice(Math.max(text.lastIndexOf("\n\n"), text.length - 40));
  });
  return numbers;
}

describe("GET /v1/events", () => {
  let node: Fixture;
  const limits = { heartbeatMs: 50, maxEventStreams: 2 };
  beforeEach(async () => {
    node = await startFixture({ limits, keptEvents: 2_000 });
  });
  afterEach(() => node.close());

  const open = async (query = "", lastEventId?: number): Promise<RawConnection> => {
    const { port } = node.server;
    const resume = lastEventId === undefined ? "" : `last-event-id: ${lastEventId}\r\n`;
    const request = `GET /v1/events${query} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${resume}\r\n`;
    const stream = rawConnection(port, request);
    await stream.until("retry:");
    return stream;
  };
  const resume = (id: string) => node.get("/v1/events", { headers: { "last-event-id": id } });
  const logMode = (mode: string) => node.eventLog.append([{ name: "mode", mode }]);

  it("sends transactions, blocks and modes with numbers", async () => {
    const stream = await open();
    expect(stream.text()).toMatch(/^HTTP\/1.1 200 [\s\S]*content-type: text\/event-stream/i);
    const { body } = await node.post(transactionJson(await node.sign({ amount: 5n })));
    const text = await stream.until(`id: 1\nevent: transaction\ndata: {"id":"${body.id}"`);
    expect(text).toContain(`"amount":"5"`);
    const id = await node.produce();
    await stream.until(`id: 2\nevent: block\ndata: {"id":"${id}","height":1,`);
    await logMode("boot");
    await stream.until(`id: 3\nevent: mode\ndata: {"mode":"boot"}\n\n`);
    expect(stream.text()).toContain(`"transactionCount":1`);
    await stream.until(": heartbeat\n\n");
    stream.socket.destroy();
  });

  it("tells proxies to pass it on as it comes", async () => {
    const stream = await open();
    const head = stream.text().split("\r\n\r\n")[0]!.toLowerCase();
    expect(head).toContain("x-accel-buffering: no");
    expect(head).toContain("cache-control: no-store, no-transform");
    stream.socket.destroy();
  });

  it("sends retracted blocks, newest first, before the blocks that replace them", async () => {
    const stream = await open();
    const ids = [await node.produce(), await node.produce()];
    const [first, second] = await Promise.all(ids.map((id) => node.chain.reader.byId(fromHex(id))));
    const change = { head: first!, retracted: [second!, first!], applied: [first!] };
    await node.eventLog.append(headEvents(change));
    expect(told(await stream.until("id: 5\n"))).toEqual([
      `1 block ${ids[0]}`,
      `2 block ${ids[1]}`,
      `3 retracted ${ids[1]}`,
      `4 retracted ${ids[0]}`,
      `5 block ${ids[0]}`,
    ]);
    stream.socket.destroy();
  });

  it("sends the requested types, and the position of the others", async () => {
    const stream = await open("?types=mode");
    await node.produce();
    await stream.until(": heartbeat\nid: 1\n\n");
    await logMode("boot");
    expect(await stream.until("id: 2\nevent: mode")).not.toContain("event: block");
    stream.socket.destroy();
  });

  it("sends its position at the start, so that a reader that is cut off before the first event misses nothing", async () => {
    await node.produce();
    const stream = await open();
    await stream.until("retry: 1000\nid: 1\n\n");
    stream.socket.destroy();
    const id = await node.produce();
    const resumed = await open("", 1);
    expect(told(await resumed.until(id))).toEqual([`2 block ${id}`]);
    resumed.socket.destroy();
  });

  it("resumes after any event, also between transactions that arrived together", async () => {
    const transactions = [];
    for (let nonce = 0; nonce < 300; nonce++) transactions.push(await node.sign({ nonce }));
    const { body } = await node.post(transactions.map((transaction) => transactionJson(transaction)));
    const block = await node.produce();
    const all = [...body.accepted.map((id: string) => `transaction ${id}`), `block ${block}`];
    for (const after of [0, 1, 255, 256, 257, 299, 300]) {
      const stream = await open("", after);
      const text = await stream.until(block);
      expect(told(text)).toEqual(all.slice(after).map((line, index) => `${after + 1 + index} ${line}`));
      stream.socket.destroy();
    }
  });

  it("sends only the id of a transaction that no longer exists", async () => {
    await node.eventLog.append([{ name: "transaction", id: new Uint8Array(32).fill(7) }]);
    const stream = await open("", 0);
    await stream.until(`event: transaction\ndata: {"id":"0x${"07".repeat(32)}"}\n\n`);
    stream.socket.destroy();
  });

  it("waits for the chain while the node is loading it", async () => {
    const id = await node.produce();
    node.hasLedger.yes = false;
    const stream = await open("", 0);
    await logMode("boot");
    await stream.until(": heartbeat");
    expect(told(stream.text())).toEqual([]);
    node.hasLedger.yes = true;
    node.eventLog.announce();
    expect(told(await stream.until("event: mode"))).toEqual([`1 block ${id}`, "2 mode boot"]);
    stream.socket.destroy();
  });

  it("refuses to resume after an event that it does not have", async () => {
    for (let i = 0; i < 4; i++) await logMode("boot");
    expect(await resume("5")).toMatchObject({ status: 410, body: { code: "EVENTS_UNKNOWN" } });
    await node.eventLog.append(Array.from({ length: 3_001 }, () => ({ name: "mode", mode: "boot" })));
    await expect.poll(() => node.eventLog.first).toBe(1_005);
    const tooOld = await resume("1003");
    expect(tooOld).toMatchObject({ status: 410, body: { code: "EVENTS_TOO_OLD" } });
    expect(tooOld.body.detail).toContain("the oldest is 1005");
    const stream = await open("", 1_004);
    await stream.until("id: 1005\nevent: mode");
    stream.socket.destroy();
    for (const id of ["x", "-1", "1.5", "01"])
      expect(await resume(id)).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
  });

  it("answers HEAD, and 503 if too many streams are open", async () => {
    const { status, headers } = await node.get("/v1/events", { method: "HEAD" });
    expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const streams = [await open(), await open()];
    expect(await node.get("/v1/events")).toMatchObject({ status: 503, body: { code: "OVERLOADED" } });
    streams[0]?.socket.destroy();
    await expect
      .poll(
        async () =>
          (
            await node
              .get("/v1/events", { method: "GET", signal: AbortSignal.timeout(200) })
              .catch(() => ({ status: 200 }))
          ).status,
      )
      .toBe(200);
    streams[1]?.socket.destroy();
  });

  it("a slow reader delays no other reader and misses nothing", async () => {
    const slow = await open();
    const other = await open("?types=block");
    slow.socket.pause();
    const numbers = numbersOf(slow);
    // Writes more than the buffers of both sockets hold.
    for (let i = 0; i < 24; i++) await logMode("x".repeat(1_000_000));
    const id = await node.produce();
    await other.until(`id: 25\nevent: block\ndata: {"id":"${id}"`);
    expect(numbers.length).toBeLessThan(24);
    slow.socket.resume();
    await expect.poll(() => numbers.length).toBe(25);
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    for (const { socket } of [slow, other]) socket.destroy();
  });

  it("cuts off a reader that falls behind the log, and says why when it returns", async () => {
    const slow = await open();
    const numbers = numbersOf(slow);
    slow.socket.pause();
    for (let i = 0; i < 24; i++) await logMode("x".repeat(1_000_000));
    await node.eventLog.append(Array.from({ length: 3_000 }, () => ({ name: "mode", mode: "boot" })));
    await expect.poll(() => node.eventLog.first).toBeGreaterThan(1_000);
    const ended = new Promise((resolve) => {
      slow.socket.on("data", (chunk: string) => chunk.endsWith("\r\n0\r\n\r\n") && resolve(undefined));
    });
    slow.socket.resume();
    await ended;
    expect(numbers.length).toBeLessThan(24);
    expect(await resume(String(numbers.at(-1)))).toMatchObject({
      status: 410,
      body: { code: "EVENTS_TOO_OLD" },
    });
  });
});
