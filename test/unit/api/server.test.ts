import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { defaultHttpLimits, startHttpServer } from "../../../src/api/index.ts";
import { maxPipelined } from "../../../src/api/pipelines.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { bareServices, directAccess } from "./bare-services.ts";
import { alice, type Fixture, startFixture, transactionJson } from "./fixture.ts";
import { rawConnection } from "./raw.ts";

const services = await bareServices();
const start = (host: string, port: number) =>
  startHttpServer({ host, port, access: directAccess, services, limits: defaultHttpLimits });

const hasIp6 = networkInterfaces()["lo"]?.some(({ address }) => address === "::1") === true;

describe("startHttpServer", () => {
  it("says what to do if it cannot listen", async () => {
    const first = await start("127.0.0.1", 0);
    await expect(start("127.0.0.1", first.port)).rejects.toMatchObject({
      name: "UserError",
      code: "PORT_IN_USE",
      message: expect.stringContaining("--http-port"),
    });
    await first.close();
    const second = await start("127.0.0.1", first.port);
    await second.close();
    await expect(start("203.0.113.1", 0)).rejects.toMatchObject({
      code: "LISTEN_FAILED",
      message: expect.stringContaining("--host"),
    });
  });

  it("reports a URL that can be requested", async () => {
    for (const host of hasIp6 ? ["0.0.0.0", "::"] : ["0.0.0.0"]) {
      const all = await start(host, 0);
      expect(all.url).toBe(`http://127.0.0.1:${all.port}`);
      expect((await fetch(`${all.url}/health/live`)).status).toBe(200);
      await all.close();
    }
  });

  it.skipIf(!hasIp6)(
    "answers on both addresses of this machine as localhost, until it is closed",
    async () => {
      const { port, url, close } = await start("localhost", 0);
      expect(url).toBe(`http://127.0.0.1:${port}`);
      for (const host of ["127.0.0.1", "[::1]", "localhost"])
        expect((await fetch(`http://${host}:${port}/health/live`)).status).toBe(200);
      const left = ["127.0.0.1", "::1"].map((host) => connect(port, host).on("error", () => undefined));
      await Promise.all(left.map((socket) => new Promise((connected) => socket.once("connect", connected))));
      const ended = left.map((socket) => new Promise((closed) => socket.once("close", closed)));
      await close();
      await Promise.all(ended);
      await expect(fetch(`http://[::1]:${port}/health/live`)).rejects.toThrow();
    },
  );

  it.skipIf(!hasIp6)(
    "a server on localhost listens on neither address if another program has one",
    async () => {
      const other = createServer();
      await new Promise<void>((listening) => other.listen(0, "::1", listening));
      const { port } = other.address() as { port: number };
      await expect(start("localhost", port)).rejects.toMatchObject({
        code: "PORT_IN_USE",
        message: expect.stringContaining(`${port} of ::1`),
      });
      await (await start("127.0.0.1", port)).close();
      other.close();
    },
  );

  it("a server may be closed twice", async () => {
    const server = await start("127.0.0.1", 0);
    await Promise.all([server.close(), server.close()]);
  });
});

describe("connections", () => {
  let node: Fixture;
  afterEach(() => node.close());

  it("ends kept-alive, event and unfinished connections", async () => {
    // The connections' time-outs are longer than the test's own.
    node = await startFixture({ limits: { headersTimeoutMs: 60_000, keepAliveTimeoutMs: 60_000 } });
    const { port } = node.server;
    const host = `host: 127.0.0.1:${port}\r\n`;
    const kept = rawConnection(port, `GET /health/live HTTP/1.1\r\n${host}\r\n`);
    await kept.until('{"status":"live"}');
    const events = rawConnection(port, `GET /v1/events HTTP/1.1\r\n${host}\r\n`);
    await events.until("retry:");
    const half = `POST /v1/transactions HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`;
    const unfinished = rawConnection(port, half);
    const silent = rawConnection(port, "");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await node.server.close();
    await Promise.all([kept.closed, events.closed, unfinished.closed, silent.closed]);
  });

  it("answers or cuts off requests under way when the node shuts down, and logs nothing false", async () => {
    const logged: string[] = [];
    const log = (_fields: object, message: string) => void logged.push(message);
    const logger: Logger = { ...silentLogger, warn: log, error: log };
    node = await startFixture({ logger });
    const { port } = node.server;
    const paths = ["/v1/blocks", "/v1/blocks/0", `/v1/accounts/${alice.address}/transactions`, "/v1/events"];
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
    // The end of its second request comes once the server closes.
    const late = rawConnection(port, request("/health/live") + request(paths[1]!).slice(0, -2));
    await late.until('{"status":"live"}');
    const clients = Array.from({ length: 40 }, (_, at) => rawConnection(port, request(paths[at % 4]!)));
    await clients[0]!.until("HTTP/1.1 200");
    const broken = rawConnection(
      port,
      "POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const { socket } of clients) socket.write(request(paths[1]!).repeat(20));
    const closing = node.server.close();
    late.socket.write("\r\n");
    // Requests may outlive the server's patience, and the database must stay open for them.
    await node.database.close();
    await closing;
    const answers = (await Promise.all([...clients, broken].map(({ closed }) => closed))).join("");
    expect(await late.closed).toMatch(/HTTP\/1.1 503 [^{]*connection: close[^{]*{[^}]*"code":"ENDING"/i);
    const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses.filter((status) => status !== "200" && status !== "503")).toEqual([]);
    expect(logged).toEqual([]);
  });

  it("cuts off clients that send too slowly", async () => {
    node = await startFixture({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
    const { port } = node.server;
    const headers = rawConnection(port, "GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    const body = rawConnection(
      port,
      "POST /v1/transactions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    );
    expect(await headers.closed).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/);
    expect(await body.closed).toMatch(/^HTTP\/1.1 408 /);
  });

  it("answers requests that are not HTTP with a problem", async () => {
    node = await startFixture();
    const { port } = node.server;
    expect(await rawConnection(port, "hello\r\n\r\n").closed).toMatch(
      /^HTTP\/1.1 400 [\s\S]*"code":"MALFORMED"/,
    );
    const long = rawConnection(port, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(await long.closed).toMatch(/^HTTP\/1.1 431 [\s\S]*"code":"HEADERS_TOO_LARGE"/);
    const twice =
      "POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n";
    expect(await rawConnection(port, twice).closed).toMatch(/^HTTP\/1.1 400 /);
  });

  it.each([
    ["OPTIONS *", 400],
    ["GET //", 404],
    ["GET //evil.example/v1/status", 404],
    ["GET /v1/../v1/status", 200],
    ["GET /%00", 404],
    ["GET http://evil.example/v1/status", 200],
    ["CONNECT localhost:1", 405],
    ["TRACE /v1/status", 405],
  ])("survives the request line %s", async (line, status) => {
    node = await startFixture();
    const { port } = node.server;
    const text = await rawConnection(port, `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
      .closed;
    expect(Number(text.split(" ")[1])).toBe(status);
    expect((await node.get("/health/live")).status).toBe(200);
  });

  it("accepts connections up to its limit", async () => {
    node = await startFixture({ limits: { maxConnections: 2 } });
    const { port } = node.server;
    const request = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const open = [rawConnection(port, request), rawConnection(port, request)];
    await Promise.all(open.map((connection) => connection.until("live")));
    expect(await rawConnection(port, request).closed).toBe("");
    for (const { socket } of open) socket.destroy();
    await expect
      .poll(() => rawConnection(port, request.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")).closed)
      .toContain("live");
  });

  it("limits the whole blocks in answers under way, and continues once they are sent", async () => {
    node = await startFixture({ limits: { maxBlockBytesAtOnce: 1_000 } });
    for (let nonce = 0; nonce < 5; nonce++) await node.post(transactionJson(await node.sign({ nonce })));
    await node.produce();
    const { reader } = node.chain;
    const held = Promise.withResolvers<void>();
    const reading = Promise.withResolvers<void>();
    const read = reader.byId.bind(reader);
    reader.byId = async (id) => {
      reading.resolve();
      await held.promise;
      return read(id);
    };
    const first = node.get("/v1/blocks/1");
    // Otherwise the second request might arrive first and be the one that is held.
    await reading.promise;
    expect((await node.get("/v1/blocks/1")).body).toMatchObject({ code: "OVERLOADED" });
    expect((await node.get("/v1/blocks?limit=1")).status).toBe(200);
    held.resolve();
    expect((await first).body).toMatchObject({ height: 1 });
    await expect.poll(async () => (await node.get("/v1/blocks/1")).status).toBe(200);
  });

  it("stops answering a client that does not read its answers", async () => {
    node = await startFixture({ limits: { maxUnreadBytesPerClient: 100_000 } });
    const list = Array.from({ length: 1_000 }, (_, nonce) => node.sign({ nonce }));
    await node.post((await Promise.all(list)).map((transaction) => transactionJson(transaction)));
    const { port } = node.server;
    const request = `GET /v1/mempool?limit=1000 HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    const sockets = Array.from({ length: 75 }, () => connect(port, "127.0.0.1"));
    for (const socket of sockets)
      socket
        .pause()
        .on("error", () => undefined)
        .write(request.repeat(maxPipelined));
    const ask = async () => (await node.get("/v1/status")).body;
    await expect.poll(ask, { timeout: 60_000 }).toMatchObject({ code: "OVERLOADED" });
    for (const socket of sockets) socket.destroy();
    await expect.poll(ask, { timeout: 60_000 }).toHaveProperty("head");
  });

  it("limits the request bodies in memory", async () => {
    node = await startFixture({ limits: { maxBodyBytesInFlight: 10_000 } });
    const { port } = node.server;
    const head = (length: number) =>
      `POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    const first = rawConnection(port, head(9_001) + " ".repeat(9_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = rawConnection(port, head(2_000) + " ".repeat(2_000));
    expect(await second.until("OVERLOADED")).toMatch(/^HTTP\/1.1 503 /);
    first.socket.destroy();
    await expect
      .poll(
        () =>
          rawConnection(port, head(2_000).replace("host", "connection: close\r\nhost") + " ".repeat(2_000))
            .closed,
      )
      .toContain("MALFORMED");
    second.socket.destroy();
  });
});
