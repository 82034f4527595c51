import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApiEvents } from "../../../src/api/index.ts";
import { type Fixture, startFixture, transactionJson } from "./fixture.ts";
import { type RawConnection, rawConnection } from "./raw.ts";

describe("GET /v1/events", () => {
  let node: Fixture;
  const limits = { heartbeatMs: 50, maxEventStreams: 2, maxEventBacklogBytes: 200_000 };
  beforeEach(async () => {
    node = await startFixture({ limits });
  });
  afterEach(() => node.close());

  const open = async (query = ""): Promise<RawConnection> => {
    const { port } = node.server;
    const stream = rawConnection(port, `GET /v1/events${query} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    await stream.until("retry:");
    return stream;
  };

  it("tells of transactions, blocks and modes, with numbers", async () => {
    const stream = await open();
    expect(stream.text()).toMatch(/^HTTP\/1.1 200 [\s\S]*content-type: text\/event-stream/i);
    const { body } = await node.post(transactionJson(await node.sign({ amount: 5n })));
    await stream.until(`id: 1\nevent: transaction\ndata: {"id":"${body.id}"`);
    const id = await node.produce();
    await stream.until(`id: 2\nevent: block\ndata: {"id":"${id}","height":1,`);
    node.events.emit("mode", { mode: "boot" });
    await stream.until(`id: 3\nevent: mode\ndata: {"mode":"boot"}\n\n`);
    await stream.until(": heartbeat\n\n");
    stream.socket.destroy();
  });

  it("retracts blocks, newest first, before it tells of those that replace them", async () => {
    const stream = await open();
    const ids = [await node.produce(), await node.produce()];
    const [first, second] = await Promise.all([1, 2].map((height) => node.chain.reader.byHeight(height)));
    const change: ApiEvents["head"] = { head: first!, retracted: [second!, first!], applied: [first!] };
    node.events.emit("head", change);
    const text = await stream.until("id: 5\n");
    const told = [...text.matchAll(/event: (\w+)\ndata: {"id":"(0x\w+)"/g)].map(([, name, id]) => [name, id]);
    expect(told).toEqual([
      ["block", ids[0]],
      ["block", ids[1]],
      ["retracted", ids[1]],
      ["retracted", ids[0]],
      ["block", ids[0]],
    ]);
    stream.socket.destroy();
  });

  it("sends the types that were asked for", async () => {
    const stream = await open("?types=mode");
    await node.produce();
    node.events.emit("mode", { mode: "boot" });
    expect(await stream.until("id: 2\nevent: mode")).not.toContain("event: block");
    stream.socket.destroy();
  });

  it("answers HEAD, and 503 where too many streams are open", async () => {
    expect((await node.get("/v1/events", { method: "HEAD" })).status).toBe(200);
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

  it("disconnects a reader that is too slow, and nobody else", async () => {
    const slow = await open();
    const other = await open("?types=block");
    slow.socket.pause();
    const closed = new Promise((resolve) => slow.socket.once("close", resolve));
    const big = { mode: "x".repeat(1_000_000) };
    for (let i = 0; i < 30; i++) {
      node.events.emit("mode", big);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    slow.socket.resume();
    await closed;
    await node.produce();
    await other.until("id: 31\nevent: block");
    other.socket.destroy();
  });

  it("survives a listener's view that throws", async () => {
    const stream = await open();
    node.events.emit("transactions", [undefined as never]);
    node.events.emit("mode", { mode: "boot" });
    await stream.until("id: 2\nevent: mode");
    stream.socket.destroy();
  });
});
