import { afterAll, beforeAll, expect, test } from "vitest";
import { type HttpServer, startHttpServer } from "../../../src/api/index.ts";
import { defaultHttpLimits } from "../../../src/api/limits.ts";
import { maxPipelined } from "../../../src/api/pipelines.ts";
import { bareServices, directAccess } from "./bare-services.ts";
import { rawConnection } from "./raw.ts";

let server: HttpServer;
beforeAll(async () => {
  const services = await bareServices();
  server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    access: directAccess,
    services,
    limits: defaultHttpLimits,
  });
});
afterAll(() => server.close());

const request = (line: string, ...headers: string[]) =>
  `${[`${line} HTTP/1.1`, "host: 127.0.0.1", ...headers].join("\r\n")}\r\n\r\n`;
const live = request("GET /health/live");
const chunked = "transfer-encoding: chunked";

test("answers a few requests that are sent at once, any number of times", async () => {
  const { port } = server;
  const connection = rawConnection(port, "");
  for (let time = 1; time <= 3; time++) {
    connection.socket.write(live.repeat(maxPipelined));
    await expect
      .poll(() => connection.text().split('{"status":"live"}').length - 1)
      .toBe(time * maxPipelined);
  }
  connection.socket.destroy();
});

test("ends a connection with more unanswered requests, whose answers would wait behind an event stream", async () => {
  const flood = rawConnection(server.port, request("GET /v1/events") + live.repeat(maxPipelined));
  await flood.closed;
  await expect.poll(() => server.eventStreams).toBe(0);
});

test("does not answer what is no request within the answer to another", async () => {
  const stream = rawConnection(server.port, request("GET /v1/events"));
  await stream.until(": ");
  stream.socket.write("no request\r\n\r\n");
  expect(await stream.closed).not.toContain("MALFORMED");
});

/** A route that the node does not have, and the one that is not served by Hono. */
const refused = [
  ["POST /v1/nothing", "NOT_FOUND"],
  ["POST /v1/transactions", "UNSUPPORTED_MEDIA_TYPE"],
] as const;

test.each(refused)("does not read the rest of a chunked body once %s is answered", async (line, code) => {
  const unread = rawConnection(server.port, `${request(line, chunked)}1\r\n0\r\n`);
  expect(await unread.closed).toContain(code);
});

test.each(refused)(
  "does not read the rest of a long body once %s is answered, and then closes the connection",
  async (line, code) => {
    const unread = rawConnection(server.port, request(line, "content-length: 1000000000"));
    await unread.until(code);
    let written = 0;
    const piece = Buffer.alloc(2 ** 20);
    for (let count = 0; count < 64; count++) unread.socket.write(piece, (error) => error || written++);
    await unread.closed;
    // No more is written than the buffers of the system take.
    expect(written).toBeLessThan(32);
  },
);

test.each(refused)(
  "says that it closes the connection if %s is answered before its body has come",
  async (line, code) => {
    const early = rawConnection(server.port, request(line, "content-length: 2"));
    expect(await early.until(code)).toContain("connection: close");
    early.socket.write("{}");
    await early.closed;
  },
);

test.each([
  ...refused.map(([line, code]) => [line, code, "accept: */*"] as const),
  ["POST /v1/transactions", "FORBIDDEN", "origin: http://elsewhere.example"] as const,
  ["POST /v1/transactions", "NO_GENESIS", "content-type: application/json"] as const,
])("keeps a connection on which %s is refused with its body: %s", async (line, code, header) => {
  const kept = rawConnection(server.port, `${request(line, "content-length: 2", header)}{}`);
  expect(await kept.until(code)).not.toContain("connection: close");
  kept.socket.write(live);
  await kept.until('{"status":"live"}');
  kept.socket.destroy();
});

test("refuses a chunked body where none belongs: it would wait beside an event stream", async () => {
  const stream = rawConnection(server.port, `${request("GET /v1/events", chunked)}1\r\n0\r\n`);
  expect(await stream.closed).toContain("MALFORMED");
  expect(server.eventStreams).toBe(0);
});

test("does not read a body of crumbs to its end", async () => {
  const crumbs = rawConnection(
    server.port,
    request("POST /v1/transactions", chunked, "content-type: application/json") + "1\r\n0\r\n".repeat(1_025),
  );
  expect(await crumbs.closed).toBe("");
});
