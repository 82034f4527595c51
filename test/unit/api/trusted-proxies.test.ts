import { globSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { TrustedProxies } from "../../../src/api/trusted-proxies.ts";
import { startFixture } from "./fixture.ts";

describe("the client of a request through proxies", () => {
  const proxies = new TrustedProxies(["10.0.0.0/8", "127.0.0.1", "fd00::/8"]);
  const clientOf = (remoteAddress: string, forwarded?: string) =>
    proxies.clientOf({
      socket: { remoteAddress },
      headers: { "x-forwarded-for": forwarded },
    } as unknown as IncomingMessage);

  it.each<[string, string, string | undefined, string]>([
    ["is whom the proxy names", "10.0.0.1", "192.0.2.7", "192.0.2.7"],
    [
      "is the last that is no proxy, whatever it claims",
      "10.0.0.1",
      "127.0.0.1, 192.0.2.7, 10.0.0.2",
      "192.0.2.7",
    ],
    ["is a stranger that names another", "203.0.113.1", "192.0.2.7", "203.0.113.1"],
    ["is the proxy's machine if it names none", "10.0.0.1", undefined, "10.0.0.1"],
    ["is the first proxy if all are proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["is known by an IPv6 address", "fd00::1", "2001:db8::7", "2001:db8::7"],
    ["is known through an IPv4 address in IPv6 form", "::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"],
    ["has no port", "10.0.0.1", "192.0.2.7:4711", "192.0.2.7"],
    ["has no port in IPv6", "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"],
    ["is one of the unknown if the proxy names no address", "127.0.0.1", "127.0.0.1, _hidden", "unknown"],
    ["is a program of this machine through a proxy here", "127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["is no program of this machine through a proxy elsewhere", "10.0.0.1", "127.0.0.1", "10.0.0.1"],
    [
      "is no program of this machine, though both are proxies",
      "10.0.0.1",
      "192.0.2.7, 127.0.0.1",
      "10.0.0.1",
    ],
  ])("%s", (_, address, forwarded, client) => {
    expect(clientOf(address, forwarded)).toBe(client);
  });

  it("believes a proxy on this machine, by whichever address the proxy calls", () => {
    for (const own of ["127.0.0.1", "::1", "127.0.0.0/8"])
      expect(
        ["127.0.0.1", "::1", "::ffff:127.0.0.1"].map((from) => new TrustedProxies([own]).has(from)),
      ).toEqual([true, true, true]);
    expect(["127.0.0.1", "::1"].some((from) => new TrustedProxies(["10.0.0.0/8"]).has(from))).toBe(false);
  });

  it("believes no headers where no proxy is trusted", () => {
    expect(["127.0.0.1", "10.0.0.1", ""].map((address) => new TrustedProxies([]).has(address))).toEqual([
      false,
      false,
      false,
    ]);
    expect(["fe80::1%eth0", "x", "10.1.2.3"].map((address) => proxies.has(address))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

it("only places and handshakes, which come before a request, go by the address of the socket", () => {
  const sources = globSync("src/api/**/*.ts").filter((file) =>
    readFileSync(file, "utf8").includes("remoteAddress"),
  );
  expect(sources.sort()).toEqual([
    "src/api/client-address.ts",
    "src/api/secure-port.ts",
    "src/api/shares.ts",
    "src/api/trusted-proxies.ts",
  ]);
});

it.each([
  [
    "by itself behind a trusted proxy, whose connection stays open",
    ["127.0.0.1"],
    [200, 429, 200],
    "keep-alive",
  ],
  ["with all others otherwise, and loses its connection", [], [200, 429, 429], "close"],
])("a client is limited %s", async (_, trustProxies, statuses, connection) => {
  const rate = { perSecond: 1, burst: 1 };
  const node = await startFixture({ access: { trustProxies }, limits: { rate, localRate: rate } });
  const answers = [];
  for (const client of ["192.0.2.1", "192.0.2.1", "192.0.2.2"])
    answers.push(await node.get("/v1/status", { headers: { "x-forwarded-for": client } }));
  expect(answers.map(({ status }) => status)).toEqual(statuses);
  expect(answers[1]!.headers.get("connection")).toBe(connection);
  await node.close();
});
