import { expect, test } from "vitest";
import { Link } from "../../../src/network/link.ts";
import { ManualClock } from "../support/clock.ts";

test.each([
  ["127.0.0.9", "self"],
  ["192.168.7.3", "self"],
  ["192.168.7.255", "neighbour"],
  ["192.168.8.1", undefined],
  ["10.255.0.1", "neighbour"],
  ["11.0.0.1", undefined],
  ["172.16.0.2", undefined],
  ["fe80::1%eth0", "neighbour"],
  ["fe80::2%eth0", "self"],
  ["2001:db8::1", undefined],
])("a packet from %s comes from %s", (address, sender) => {
  const link = new Link(new ManualClock(), () => [
    { address: "192.168.7.3", prefix: 24 },
    { address: "10.0.0.1", prefix: 8 },
    { address: "172.16.0.1", prefix: 32 },
    { address: "fe80::2", prefix: 64 },
  ]);
  expect(link.senderAt(address)).toBe(sender);
});

test("notices within a second that an interface has another address, and lists them no more often", async () => {
  const clock = new ManualClock();
  let address = "192.168.7.3";
  let lists = 0;
  const link = new Link(clock, () => {
    lists++;
    return [{ address, prefix: 24 }];
  });
  expect(link.senderAt("192.168.7.9")).toBe("neighbour");
  address = "10.0.0.1";
  for (let n = 0; n < 100; n++) link.senderAt("10.0.0.9");
  expect(lists).toBe(1);
  await clock.advance(1_000);
  expect(link.senderAt("10.0.0.9")).toBe("neighbour");
  expect(link.senderAt("192.168.7.9")).toBeUndefined();
});

test("knows the interfaces of this machine", () => {
  expect(new Link(new ManualClock()).senderAt("127.0.0.1")).toBe("self");
});
