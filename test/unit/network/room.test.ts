import { expect, test } from "vitest";
import { hasRoomFor, maxInboundPerAddress } from "../../../src/network/room.ts";

const from = (address: string, count: number) =>
  Array.from({ length: count }, (_, port) => `/ip4/${address}/tcp/${1_000 + port}`);

test("one address gets so many places and no more; others still get theirs", () => {
  const most = from("10.0.0.1", maxInboundPerAddress);
  expect(hasRoomFor("/ip4/10.0.0.1/tcp/9", most.slice(1))).toBe(true);
  expect(hasRoomFor("/ip4/10.0.0.1/tcp/9", most)).toBe(false);
  expect(hasRoomFor("/ip4/10.0.0.10/tcp/9", most)).toBe(true);
  expect(hasRoomFor("/ip6/fd00::1/tcp/9", most)).toBe(true);
});

test("a machine may run a whole network of its own", () => {
  expect(hasRoomFor("/ip4/127.0.0.1/tcp/9", from("127.0.0.1", 100))).toBe(true);
});
