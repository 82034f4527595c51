import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";
import { rawConnection, rawRequest } from "./raw.ts";

const friend = "https://wallet.example.org";
const forbidden = { status: 403, code: "FORBIDDEN_ORIGIN" };
let node: Fixture;

beforeAll(async () => {
  node = await startFixture({
    access: { allowOrigins: [friend], allowHosts: ["node.example.org"] },
    limits: { localRate: { perSecond: 1_000, burst: 1_000 } },
  });
});
afterAll(() => node.close());

const own = () => `127.0.0.1:${node.server.port}`;
const send = (line: string, headers: Record<string, string>) =>
  rawRequest(node.server.port, line, { host: own(), ...headers });
const post = (headers: Record<string, string>) =>
  send("POST /v1/transactions", { "content-type": "application/json", "content-length": "0", ...headers });
/** The status and headers of an answer. */
async function head(line: string, headers: Record<string, string>): Promise<string> {
  const lines = Object.entries({ host: own(), connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const text = await rawConnection(node.server.port, `${line} HTTP/1.1\r\n${lines.join("")}\r\n`).closed;
  return text.split("\r\n\r\n")[0]!.toLowerCase();
}

describe("a page of another site", () => {
  it("a page of another site cannot post", async () => {
    for (const origin of ["http://evil.example", `http://127.0.0.1:${node.server.port + 1}`, "null"])
      expect(await post({ origin })).toEqual(forbidden);
    expect(await post({ origin: `http://${own()}` })).toEqual({ status: 400, code: "MALFORMED" });
  });

  it("a page can post through a proxy that serves the page itself, with TLS too", async () => {
    const host = "node.example.org";
    expect(await post({ host, origin: `https://${host}` })).toMatchObject({ status: 400 });
    expect(await post({ host: `${host}:8443`, origin: `https://${host}:8443` })).toMatchObject({
      status: 400,
    });
    expect(await post({ host, origin: `https://${host}:8443` })).toEqual(forbidden);
  });

  it("a page of another site cannot have the node read anything", async () => {
    for (const [name, headers] of Object.entries({
      fetch: { origin: "http://evil.example" },
      "fetch without CORS": { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      "an image from a page on this machine": { "sec-fetch-site": "same-site", "sec-fetch-dest": "image" },
      "a frame": {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "iframe",
      },
      "a prefetched link": {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
        "sec-purpose": "prefetch",
      },
    }))
      for (const line of ["GET /v1/authorities", "HEAD /v1/events", "GET /"])
        expect((await send(line, headers)).status, `${line} by ${name}`).toBe(403);
  });

  it("any page can link to the node, and its own page, the address bar and other programs reach it as before", async () => {
    const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    for (const headers of [
      { "sec-fetch-site": "cross-site", ...visit },
      { "sec-fetch-site": "none", ...visit },
      { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
      {},
    ] as Record<string, string>[])
      for (const line of ["GET /v1/status", "GET /docs", "GET /"])
        expect(await send(line, headers), line).toEqual({ status: 200 });
  });

  it("CORS tells a page of another site nothing", async () => {
    for (const line of ["GET /v1/status", "OPTIONS /v1/status"])
      expect(await head(line, { origin: "http://evil.example" })).not.toContain("access-control");
    expect(await head("GET /v1/status", {})).toContain("x-content-type-options: nosniff");
  });
});

describe("a page of an allowed origin", () => {
  const shared = `access-control-allow-origin: ${friend}`;
  const cors = { origin: friend, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };

  it("a page of an allowed origin may read and send, and learns why it is refused", async () => {
    for (const line of ["GET /v1/status", "GET /v1/blocks/7", "GET /nothing"])
      expect(await head(line, cors)).toContain(shared);
    expect(await post(cors)).toEqual({ status: 400, code: "MALFORMED" });
    expect(await head("GET /v1/status", cors)).toMatch(/^http\/1\.1 200 [\s\S]*\nvary: origin/);
  });

  it("a page of an allowed origin may follow events", async () => {
    const lines = [`host: ${own()}`, `origin: ${friend}`, "sec-fetch-site: cross-site"].join("\r\n");
    const stream = rawConnection(node.server.port, `GET /v1/events HTTP/1.1\r\n${lines}\r\n\r\n`);
    expect((await stream.until("retry:")).toLowerCase()).toContain(shared);
    stream.socket.destroy();
  });

  it("a preflight tells a page of an allowed origin what it may send", async () => {
    const preflight = {
      ...cors,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const answer = await head("OPTIONS /v1/transactions", preflight);
    expect(answer).toMatch(/^http\/1\.1 204 /);
    for (const line of [
      shared,
      "access-control-allow-methods: get, head, post, delete",
      "access-control-allow-headers: authorization, content-type, last-event-id",
    ])
      expect(answer).toContain(line);
    expect(await send("OPTIONS /v1/transactions", { ...preflight, origin: "https://evil.example" })).toEqual(
      forbidden,
    );
    expect((await send("OPTIONS /v1/transactions", cors)).status).toBe(405);
  });

  it("a page of an allowed origin may not embed anything without CORS", async () => {
    expect(await send("GET /v1/status", { "sec-fetch-site": "cross-site" })).toEqual(forbidden);
  });
});

it("a page of an allowed origin can read that it asks too often", async () => {
  const limited = await startFixture({
    access: { allowOrigins: [friend] },
    limits: { localRate: { perSecond: 1, burst: 1 } },
  });
  const ask = () => fetch(`${limited.server.url}/v1/status`, { headers: { origin: friend } });
  await ask();
  const refused = await ask();
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([429, friend]);
  expect(refused.headers.get("access-control-expose-headers")).toContain("retry-after");
  await limited.close();
});
