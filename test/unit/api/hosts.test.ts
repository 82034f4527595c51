import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAllowedHost } from "../../../src/api/guard.ts";
import { serveProblem } from "../../../src/api/serve-problem.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { rawConnection, rawRequest } from "./raw.ts";

describe("the Host header", () => {
  it.each([
    ["localhost", true],
    ["LOCALHOST:63264", true],
    ["127.0.0.1:63264", true],
    ["192.168.1.10", true],
    ["[::1]:63264", true],
    ["[fe80::1]", true],
    ["node.lan:63264", true],
    ["Node.Lan.", true],
    ["a.example.org", true],
    ["b.a.example.org:443", true],
    ["example.org", false],
    [".example.org", false],
    ["badexample.org", false],
    ["evil.example:63264", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["evil.example:80:63264", false],
    ["", false],
  ])("%j: %s", (header, allowed) => {
    expect(isAllowedHost(header, ["node.lan", "*.example.org"])).toBe(allowed);
  });
});

describe("a node that was given names", () => {
  let node: Fixture;
  beforeAll(async () => {
    node = await startFixture({ access: { allowHosts: ["ccoin.example.org", "*.svc.cluster.local"] } });
  });
  afterAll(() => node.close());

  const status = (host: string) => rawRequest(node.server.port, "GET /v1/status", { host });

  it("answers to them, and to no other: a page may have had its name rebound to this address", async () => {
    for (const host of ["ccoin.example.org", "a.b.svc.cluster.local:80", `localhost:${node.server.port}`])
      expect(await status(host)).toEqual({ status: 200 });
    for (const host of [`evil.example:${node.server.port}`, "x.ccoin.example.org", "svc.cluster.local"])
      expect(await status(host)).toEqual({ status: 403, code: "FORBIDDEN_HOST" });
  });

  it.each([
    ["no Host header", "GET /v1/status HTTP/1.1", []],
    ["two Host headers", "GET /v1/status HTTP/1.1", ["host: localhost", "Host: evil.example"]],
    ["a malformed Host header", "GET /v1/status HTTP/1.1", ["host: local host"]],
    ["a Host header with two ports", "GET /v1/status HTTP/1.1", ["host: localhost:80:81"]],
    ["the target *", "OPTIONS * HTTP/1.1", ["host: localhost"]],
    ["a target that is no path", "GET v1/status HTTP/1.1", ["host: localhost"]],
  ])("answers a request with %s by a problem", async (_, line, headers) => {
    const text = [line, ...headers, "connection: close", "", ""].join("\r\n");
    const answer = await rawConnection(node.server.port, text).closed;
    expect(answer).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*content-type: application\/problem\+json[\s\S]*"code":"MALFORMED"/i,
    );
  });

  it("says why the node does not run, whatever the Host header", async () => {
    const stopped = await startFixture();
    const { port } = stopped.server;
    await stopped.close();
    const problem = { code: "WRITE_FAILED", detail: "no room", clock: systemClock, tls: undefined } as const;
    const server = await serveProblem({ host: "127.0.0.1", port, ...problem });
    expect(await rawConnection(port, "GET / HTTP/1.1\r\n\r\n").closed).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*"code":"WRITE_FAILED"/,
    );
    await server.close();
  });

  it("answers HTTP/1.0 without a Host header", async () => {
    expect(await rawConnection(node.server.port, "GET /health/live HTTP/1.0\r\n\r\n").closed).toContain(
      "live",
    );
  });

  it("answers CONNECT and other methods by a problem, and ignores expectations that it does not know", async () => {
    const text = (line: string, header = "") =>
      rawConnection(
        node.server.port,
        `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${header}\r\n`,
      ).closed;
    for (const line of ["CONNECT example.org:443", "TRACE /v1/status", "OPTIONS /v1/status"])
      expect(await text(line), line).toMatch(
        /^HTTP\/1\.1 405 [\s\S]*\nallow: GET, HEAD[\s\S]*"code":"METHOD_NOT_ALLOWED"/i,
      );
    expect(await text("GET /health/live", "expect: a-miracle\r\n")).toMatch(/^HTTP\/1\.1 200 /);
  });
});
