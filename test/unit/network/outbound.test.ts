import { expect, test } from "vitest";
import { hasRoomFor, keptOutbound, maxOutbound } from "../../../src/network/connections.ts";

const lan = (n: number) => `/ip4/192.168.1.${n + 1}/tcp/1`;
const open = (count: number) => Array.from({ length: count }, (_, n) => lan(n));
const peer = (chosen: boolean, ...addresses: string[]) => ({ chosen, addresses });

test("places are kept for peers of the node's own choice", () => {
  const told = maxOutbound - keptOutbound;
  expect(hasRoomFor(peer(false, lan(200)), open(told - 1))).toBe(true);
  expect(hasRoomFor(peer(false, lan(200)), open(told))).toBe(false);
  expect(hasRoomFor(peer(true, lan(200)), open(maxOutbound - 1))).toBe(true);
  expect(hasRoomFor(peer(true, lan(200)), open(maxOutbound))).toBe(false);
});

test("one host or public network gets a few connections, a LAN as many as there are, and this machine all", () => {
  const times = (count: number, address: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => address(n));
  expect(
    hasRoomFor(
      peer(true, lan(0)),
      times(3, () => lan(0)),
    ),
  ).toBe(true);
  expect(
    hasRoomFor(
      peer(true, lan(0)),
      times(4, () => lan(0)),
    ),
  ).toBe(false);
  expect(
    hasRoomFor(
      peer(true, "/ip4/203.0.113.9/tcp/1"),
      times(4, (n) => `/ip4/203.0.113.${n}/tcp/1`),
    ),
  ).toBe(false);
  expect(
    hasRoomFor(
      peer(true, "/ip4/203.0.113.9/tcp/1"),
      times(3, (n) => `/ip4/203.0.113.${n}/tcp/1`),
    ),
  ).toBe(true);
  expect(
    hasRoomFor(
      peer(true, "/ip4/192.0.2.9/tcp/1"),
      times(4, (n) => `/ip4/203.0.113.${n}/tcp/1`),
    ),
  ).toBe(true);
  expect(
    hasRoomFor(
      peer(true, "/ip4/127.0.0.1/tcp/9"),
      times(19, (n) => `/ip4/127.0.0.1/tcp/${n}`),
    ),
  ).toBe(true);
  expect(hasRoomFor(peer(true, "nonsense"), [])).toBe(false);
});
