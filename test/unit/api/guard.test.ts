import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { isAllowedHost } from "../../../src/api/guard.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { rawRequest } from "./raw.ts";

describe("the Host header", () => {
  it.each([
    ["localhost", true],
    ["LOCALHOST:63264", true],
    ["127.0.0.1:63264", true],
    ["192.168.1.10", true],
    ["[::1]:63264", true],
    ["[fe80::1]", true],
    ["node.lan:63264", true],
    ["evil.example:63264", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["evil.example:80:63264", false],
    ["", false],
  ])("%j: %s", (header, allowed) => {
    expect(isAllowedHost(header, "node.lan")).toBe(allowed);
  });
});

describe("requests from other sites", () => {
  let node: Fixture;
  beforeAll(async () => {
    node = await startFixture();
  });
  afterAll(() => node.close());

  it("refuses a host name that was rebound to this address", async () => {
    const { port } = node.server;
    const forbidden = { status: 403, code: "FORBIDDEN_HOST" };
    expect(await rawRequest(port, "GET /v1/status", { host: `evil.example:${port}` })).toEqual(forbidden);
    expect(await rawRequest(port, "GET /v1/status", { host: `localhost:${port}` })).toEqual({ status: 200 });
    expect((await rawRequest(port, "GET /v1/status", {})).status).toBe(400);
  });

  it("refuses posts from pages of other sites, and shares nothing with them", async () => {
    const { port } = node.server;
    const post = (origin: string) =>
      rawRequest(port, "POST /v1/transactions", {
        host: `127.0.0.1:${port}`,
        origin,
        "content-type": "application/json",
        "content-length": "0",
      });
    const forbidden = { status: 403, code: "FORBIDDEN_ORIGIN" };
    expect(await post("http://evil.example")).toEqual(forbidden);
    expect(await post(`http://127.0.0.1:${port + 1}`)).toEqual(forbidden);
    expect(await post("null")).toEqual(forbidden);
    expect(await post(`http://127.0.0.1:${port}`)).toEqual({ status: 400, code: "MALFORMED" });
    const { headers } = await node.get("/v1/status", { headers: { origin: "http://evil.example" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("RateLimiter", () => {
  function limiter(startMs = 0) {
    const time = { ms: startMs };
    const clock: Clock = { now: () => time.ms, after: () => () => undefined };
    const rate = { perSecond: 2, burst: 3 };
    return { time, limiter: new ClientLimiter(clock, rate, { perSecond: 1000, burst: 1000 }) };
  }

  it("lets a burst pass, then the rate", () => {
    const { limiter: limited, time } = limiter();
    const ask = () => limited.retryAfterS("10.0.0.1");
    expect([ask(), ask(), ask(), ask()]).toEqual([0, 0, 0, 1]);
    expect(limited.retryAfterS("10.0.0.2")).toBe(0);
    time.ms += 500;
    expect([ask(), ask()]).toEqual([0, 1]);
    time.ms += 3_600_000;
    expect([ask(), ask(), ask(), ask()]).toEqual([0, 0, 0, 1]);
  });

  it("survives a clock that is set back", () => {
    const { limiter: limited, time } = limiter(10_000);
    const ask = () => limited.retryAfterS("10.0.0.1");
    expect([ask(), ask(), ask(), ask()]).toEqual([0, 0, 0, 1]);
    time.ms = 0;
    expect(ask()).toBe(1);
    time.ms = 500;
    expect(ask()).toBe(0);
  });

  it("counts the addresses of one IPv6 network together, IPv4 ones apart", () => {
    const { limiter: limited } = limiter();
    for (const host of ["1", "2:3", "ffff:1:2:3"]) {
      const address = host.split(":").length === 4 ? `2001:db8:0:1:${host}` : `2001:db8:0:1::${host}`;
      expect(limited.retryAfterS(address)).toBe(0);
    }
    expect(limited.retryAfterS("2001:db8:0:1::9")).toBe(1);
    expect(limited.retryAfterS("2001:db8:0:2::9")).toBe(0);
    for (let i = 0; i < 4; i++) expect(limited.retryAfterS(`::ffff:10.0.0.${i}`)).toBe(0);
  });

  it("gives programs of this machine a larger quota", () => {
    const { limiter: limited } = limiter();
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      for (let i = 0; i < 1000; i++) expect(limited.retryAfterS(address)).toBe(0);
    }
  });

  it("is answered 429 with Retry-After", async () => {
    const node = await startFixture({ limits: { localRate: { perSecond: 1, burst: 2 } } });
    const answers = [
      await node.get("/v1/status"),
      await node.get("/v1/status"),
      await node.get("/v1/status"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.body.code).toBe("RATE_LIMITED");
    expect(answers[2]?.headers.get("retry-after")).toBe("1");
    await node.close();
  });
});
