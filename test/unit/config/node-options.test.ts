import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultHttpPort, defaultP2pPort, maxNodeId, parseNodeOptions } from "../../../src/config/index.ts";

describe("parseNodeOptions", () => {
  it("needs an id only", () => {
    expect(parseNodeOptions({ nodeId: 2, dataDir: "data" })).toEqual({
      nodeId: 2,
      dataDir: {
        nodeId: 2,
        folder: resolve("data/node-2"),
        account: resolve("data/node-2/account.json"),
        passphrase: resolve("data/node-2/passphrase"),
        peerKey: resolve("data/node-2/peer.key"),
        db: resolve("data/node-2/db"),
        lock: resolve("data/node-2/lock"),
        adminToken: resolve("data/node-2/admin-token"),
        tlsCert: resolve("data/node-2/tls-cert.pem"),
        tlsKey: resolve("data/node-2/tls-key.pem"),
      },
      p2pPort: 63_263,
      httpHost: "localhost",
      httpPort: 63_264,
      allowHosts: [],
      allowOrigins: [],
      trustProxies: [],
      tls: false,
      bootstrap: [],
      announce: [],
      mdns: true,
      maxPerAddress: 32,
      mine: true,
      anonymous: false,
      genesisTimeoutMs: 600_000,
      logLevel: "info",
    });
  });

  it("serves HTTPS by a certificate and its key, or by one of its own making", () => {
    const parse = (more: object) => parseNodeOptions({ nodeId: 1, dataDir: "d", ...more });
    expect(parse({ tls: true })).toMatchObject({ tls: true });
    expect(parse({ tlsCert: "cert.pem", tlsKey: "key.pem" })).toMatchObject({
      tls: true,
      tlsCert: "cert.pem",
    });
    expect(() => parse({ tls: true, tlsCert: "cert.pem" })).toThrow("tlsCert: needs --tls-key");
    expect(() => parse({ tlsKey: "key.pem" })).toThrow("tlsKey: needs --tls-cert");
  });

  it("gives every id ports of its own below 65536", () => {
    const ports = new Set<number>();
    for (let id = 1; id <= maxNodeId; id++) ports.add(defaultP2pPort(id)).add(defaultHttpPort(id));
    expect(ports.size).toBe(2 * maxNodeId);
    expect(Math.max(...ports)).toBe(65_260);
  });

  it("takes multiaddrs with and without a peer id, and a genesis id in capitals", () => {
    const bootstrap = [
      "/ip4/127.0.0.1/tcp/63261",
      "/ip6/::1/tcp/1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5",
      "/dns4/example.org/tcp/63261",
      "/dnsaddr/nodes.example.org",
    ];
    const options = parseNodeOptions({
      nodeId: 1,
      dataDir: "d",
      bootstrap,
      genesisPin: `0x${"AB".repeat(32)}`,
    });
    expect(options.bootstrap).toEqual(bootstrap);
    expect(options.genesisPin).toBe(`0x${"ab".repeat(32)}`);
  });

  it("writes announced addresses as libp2p does", () => {
    const announce = [
      "/ip4/203.0.113.7/tcp/1",
      "/ip6/2001:DB8:0::1/tcp/65535",
      "/dns4/node.example.org/tcp/1",
    ];
    expect(parseNodeOptions({ nodeId: 1, dataDir: "d", announce }).announce).toEqual([
      "/ip4/203.0.113.7/tcp/1",
      "/ip6/2001:db8::1/tcp/65535",
      "/dns4/node.example.org/tcp/1",
    ]);
  });

  it.each([
    "/ip4/0.0.0.0/tcp/1",
    "/ip6/::/tcp/1",
    "/ip4/203.0.113.7/tcp/0",
    "/ip4/203.0.113.7",
    "/ip4/203.0.113.7/udp/1",
    "/ip4/203.0.113.7/tcp/1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5",
    "/dnsaddr/node.example.org",
    "203.0.113.7:63261",
  ])("refuses to announce %s", (address) => {
    const parse = () => parseNodeOptions({ nodeId: 1, dataDir: "d", announce: [address] });
    expect(parse).toThrow("announce[0]: must be an address that others can dial, without a peer id, such as");
  });

  it("takes names, origins and proxies as they are compared later", () => {
    const { allowHosts, allowOrigins, trustProxies } = parseNodeOptions({
      nodeId: 1,
      dataDir: "d",
      allowHosts: ["Node.Example.org", "*.example.org", "ccoin_node-1", "localhost"],
      allowOrigins: ["https://Example.org/", "http://localhost:5173", "https://example.org:443"],
      trustProxies: ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"],
    });
    expect(allowHosts).toEqual(["node.example.org", "*.example.org", "ccoin_node-1", "localhost"]);
    expect(allowOrigins).toEqual(["https://example.org", "http://localhost:5173", "https://example.org"]);
    expect(trustProxies).toEqual(["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"]);
  });

  it.each([
    ["allowHosts", "name without a port", "example.org:80 * *. a.*.org -a.org a..org https://a.org a.org/"],
    ["allowOrigins", "origin", "a.org https://a.org/x https://a.org?x ftp://a.org https://u@a.org * null"],
    [
      "trustProxies",
      "address or network",
      "proxy 10.0.0.0/33 ::1/129 10.0.0/8 10.0.0.1/ 10.0.0.1/8/8 fe80::1%a -1",
    ],
  ])("refuses values of %s that are no %s: %s", (option, what, values) => {
    for (const value of ["", ...values.split(" ")])
      expect(() => parseNodeOptions({ nodeId: 1, dataDir: "d", [option]: [value] }), value).toThrow(
        new RegExp(`^${option}\\[0\\]: must be (a|an|the) ${what}`),
      );
  });

  it.each([
    [{ nodeId: 0 }, "nodeId: must be a whole number from 1 to 1000"],
    [{ nodeId: 1001 }, "nodeId: must be a whole number from 1 to 1000"],
    [{ nodeId: 1.5 }, "nodeId: must be a whole number"],
    [{ nodeId: Number.NaN }, "nodeId: must be a whole number"],
    [{ p2pPort: 65_536 }, "--port: must be a whole number from 0 to 65535"],
    [{ networkKeyFile: "" }, "networkKeyFile: must name a file"],
    [
      { allowPeers: ["12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5", "me"] },
      "allowPeers[1]: must be a peer id",
    ],
    [{ maxPerAddress: 0 }, "maxPerAddress: must be a whole number from 1 to 1000"],
    [{ httpPort: -1 }, "httpPort: must be a whole number from 0 to 65535"],
    [{ httpHost: "" }, "httpHost: must be an IP address"],
    [{ p2pHost: "example.org" }, "p2pHost: must be an IP address, such as 127.0.0.1"],
    [{ bootstrap: ["localhost:1"] }, "bootstrap[0]: must be a TCP multiaddr, such as /ip4/"],
    [{ bootstrap: ["/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/udp/1"] }, "bootstrap[1]: must be a TCP multiaddr"],
    [{ bootstrap: ["/ip4/1.2.3.400/tcp/1"] }, "bootstrap[0]: must be a TCP multiaddr"],
    [{ genesisPin: "0xabc" }, "genesisPin: must be a genesis id"],
    [{ genesisTimeoutMs: 0 }, "genesisTimeoutMs: must be a whole number from 1"],
    [{ logLevel: "loud" as "info" }, "logLevel: must be one of silent, error, warn, info, debug"],
  ])("refuses %j", (change, message) => {
    const parse = () => parseNodeOptions({ nodeId: 1, dataDir: "d", ...change }, { p2pPort: "--port" });
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: "BAD_OPTIONS" }));
  });
});
