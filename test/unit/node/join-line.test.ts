import { expect, test } from "vitest";
import { joinLine } from "../../../src/node/join-line.ts";

const genesisId = `0x${"12".repeat(32)}`;
const peer = "/tcp/63261/p2p/12D3KooWPeer";
const line = (nodeId: number, ...hosts: string[]) =>
  joinLine({ nodeId, addresses: hosts.map((host) => `/${host}${peer}`), genesisId });

test.each<[string, string[], string[]]>([
  ["others cannot reach loopback", ["ip4/127.0.0.1", "ip4/10.0.0.5", "ip6/::1"], ["ip4/10.0.0.5"]],
  ["unless there is nothing else", ["ip4/127.0.0.1"], ["ip4/127.0.0.1"]],
  [
    "IPv4 first, and no more than three",
    ["ip6/2001:db8::1", "ip4/10.0.0.5", "ip4/10.0.1.5", "ip4/10.0.2.5"],
    ["ip4/10.0.0.5", "ip4/10.0.1.5", "ip4/10.0.2.5"],
  ],
  ["no link-local addresses", ["ip6/fe80::1", "ip6/2001:db8::1"], ["ip6/2001:db8::1"]],
])("%s", (_, hosts, chosen) => {
  const bootstrap = chosen.map((host) => `/${host}${peer}`).join(",");
  expect(line(1, ...hosts)).toBe(`npm start -- --nodeid=2 --bootstrap=${bootstrap} --genesis=${genesisId}`);
});

test("names a node id other than its own", () => {
  expect(line(7, "ip4/10.0.0.5")).toContain("--nodeid=8 ");
  expect(line(1000, "ip4/10.0.0.5")).toContain("--nodeid=1 ");
});
