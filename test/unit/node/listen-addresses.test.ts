import { expect, test } from "vitest";
import { listenAddresses } from "../../../src/node/create-peers.ts";

const ip4 = { family: "IPv4" } as const;
const ip6 = { family: "IPv6" } as const;

test.each([
  ["both families", { lo: [ip4, ip6] }, ["/ip4/0.0.0.0/tcp/7", "/ip6/::/tcp/7"]],
  ["IPv6 on another interface", { lo: [ip4], eth0: [ip6] }, ["/ip4/0.0.0.0/tcp/7", "/ip6/::/tcp/7"]],
  ["IPv4 alone", { lo: [ip4] }, ["/ip4/0.0.0.0/tcp/7"]],
])("listens on all addresses of a machine with %s", (_machine, interfaces, expected) => {
  expect(listenAddresses(undefined, 7, interfaces)).toEqual(expected);
});

test("listens on the given address alone", () => {
  expect(listenAddresses("10.0.0.1", 7, { lo: [ip6] })).toEqual(["/ip4/10.0.0.1/tcp/7"]);
  expect(listenAddresses("fd00::1", 7, { lo: [ip6] })).toEqual(["/ip6/fd00::1/tcp/7"]);
});
