import { expect, test } from "vitest";
import { placeOf, targetOf } from "../../../src/network/address.ts";

test.each([
  ["/ip4/127.3.2.1/tcp/1", "loopback", "127.3.2.1", "127.3.2.0/24"],
  ["/ip4/192.168.1.9/tcp/1", "private", "192.168.1.9", "192.168.1.0/24"],
  ["/ip4/10.0.0.1/tcp/1", "private", "10.0.0.1", "10.0.0.0/24"],
  ["/ip4/172.31.0.1/tcp/1", "private", "172.31.0.1", "172.31.0.0/24"],
  ["/ip4/100.64.0.1/tcp/1", "private", "100.64.0.1", "100.64.0.0/24"],
  ["/ip4/169.254.0.1/tcp/1", "link", "169.254.0.1", "169.254.0.0/24"],
  ["/ip4/172.32.0.1/tcp/1", "public", "172.32.0.1", "172.32.0.0/24"],
  ["/ip4/172.16.0.1/tcp/1", "private", "172.16.0.1", "172.16.0.0/24"],
  ["/ip4/172.15.0.1/tcp/1", "public", "172.15.0.1", "172.15.0.0/24"],
  ["/ip4/100.127.0.1/tcp/1", "private", "100.127.0.1", "100.127.0.0/24"],
  ["/ip4/100.63.0.1/tcp/1", "public", "100.63.0.1", "100.63.0.0/24"],
  ["/ip4/100.128.0.1/tcp/1", "public", "100.128.0.1", "100.128.0.0/24"],
  ["/ip4/192.169.0.1/tcp/1", "public", "192.169.0.1", "192.169.0.0/24"],
  ["/ip4/169.253.0.1/tcp/1", "public", "169.253.0.1", "169.253.0.0/24"],
  ["/ip4/223.255.255.1/tcp/1", "public", "223.255.255.1", "223.255.255.0/24"],
  ["/ip6/fdff::1/tcp/1", "private", "fdff:0:0:0::/64", "fdff:0:0::/48"],
  ["/ip6/fc00::1/tcp/1", "private", "fc00:0:0:0::/64", "fc00:0:0::/48"],
  ["/ip6/fbff::1/tcp/1", "public", "fbff:0:0:0::/64", "fbff:0:0::/48"],
  ["/ip6/fe00::1/tcp/1", "public", "fe00:0:0:0::/64", "fe00:0:0::/48"],
  ["/ip6/febf::5/tcp/1", "link", "febf:0:0:0:0:0:0:5", "febf:0:0::/48"],
  ["/ip6/fec0::5/tcp/1", "private", "fec0:0:0:0::/64", "fec0:0:0::/48"],
  ["/ip6/feff::5/tcp/1", "private", "feff:0:0:0::/64", "feff:0:0::/48"],
  ["/ip6/64:ff9b::203.0.113.1/tcp/1", "public", "64:ff9b:0:0::/64", "64:ff9b:0::/48"],
  ["/ip6/64:ff9b:1::1/tcp/1", "private", "64:ff9b:1:0::/64", "64:ff9b:1::/48"],
  ["/ip6/2002:cb00:7101::1/tcp/1", "public", "2002:cb00:7101:0::/64", "2002:cb00:7101::/48"],
  ["/ip4/192.0.0.192/tcp/1", "private", "192.0.0.192", "192.0.0.0/24"],
  ["/ip4/192.0.2.1/tcp/1", "public", "192.0.2.1", "192.0.2.0/24"],
  ["/ip4/198.19.0.1/tcp/1", "private", "198.19.0.1", "198.19.0.0/24"],
  ["/ip4/198.20.0.1/tcp/1", "public", "198.20.0.1", "198.20.0.0/24"],
  ["/ip6/::1/tcp/1", "loopback", "::1", "::1"],
  ["/ip6/::ffff:10.0.0.7/tcp/1", "private", "10.0.0.7", "10.0.0.0/24"],
  ["/ip6/fd00::1/tcp/1", "private", "fd00:0:0:0::/64", "fd00:0:0::/48"],
  ["/ip6/fe80::5/tcp/1", "link", "fe80:0:0:0:0:0:0:5", "fe80:0:0::/48"],
  ["/ip6/2001:db8:1:2:3::9/tcp/1", "public", "2001:db8:1:2::/64", "2001:db8:1::/48"],
  ["/dns4/Node.example/tcp/1", "name", "node.example", "node.example"],
] as const)("%s is %s, of the host %s in %s", (address, reach, host, group) => {
  expect(placeOf(address)).toMatchObject({ reach, host, group });
});

test.each([
  "/ip4/0.0.0.0/tcp/1",
  "/ip4/224.0.0.1/tcp/1",
  "/ip4/999.1.1.1/tcp/1",
  "/ip6/::/tcp/1",
  "/ip6/::2/tcp/1",
  "/ip6/::127.0.0.1/tcp/1",
  "/ip6/64:ff9b::10.0.0.7/tcp/1",
  "/ip6/64:ff9b::7f00:1/tcp/1",
  "/ip6/2002:a9fe:a9fe::1/tcp/1",
  "/ip6/ff00::1/tcp/1",
  "/ip6/ff02::1/tcp/1",
  "/unix/x",
  "x",
])("refuses %s as a place to connect to", (address) => {
  expect(placeOf(address)).toBeUndefined();
});

test("makes a target of a multiaddr without the peer id", () => {
  expect(targetOf("/ip4/1.2.3.4/tcp/5/p2p/12D3")).toBe("/ip4/1.2.3.4/tcp/5");
});
