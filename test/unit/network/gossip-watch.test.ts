import { expect, test } from "vitest";
import { watchGossipStreams } from "../../../src/network/gossip-watch.ts";
import type { Host } from "../../../src/network/host.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

interface FakeStream {
  direction: "inbound" | "outbound";
  protocol: string;
}

function setUp() {
  const clock = new ManualClock();
  const closed: string[] = [];
  const peers = new Map<
    string,
    { timeline: { open: number }; streams: FakeStream[]; close(): Promise<void> }[]
  >();
  const host = { getPeers: () => [...peers.keys()], getConnections: (peer: string) => peers.get(peer) ?? [] };
  const connect = (peer: string, ...streams: FakeStream[]) =>
    peers.set(peer, [
      ...(peers.get(peer) ?? []),
      { timeline: { open: clock.now() }, streams, close: async () => void closed.push(peer) },
    ]);
  const stop = watchGossipStreams(host as unknown as Host, { clock, logger: silentLogger });
  return { clock, closed, connect, stop };
}

const sends: FakeStream = { direction: "outbound", protocol: "/meshsub/1.2.0" };

test("closes the connections of a peer without a gossip stream after a while", async () => {
  const { clock, closed, connect } = setUp();
  connect("good", sends);
  connect("deaf", { ...sends, direction: "inbound" }, { ...sends, protocol: "/ccoin/height/1" });
  connect("two", { ...sends, direction: "inbound" });
  connect("two", sends);
  await clock.advance(14_000);
  expect(closed).toEqual([]);
  await clock.advance(6_000);
  expect(new Set(closed)).toEqual(new Set(["deaf"]));
});

test("stops", async () => {
  const { clock, closed, connect, stop } = setUp();
  connect("deaf");
  stop();
  await clock.advance(60_000);
  expect(closed).toEqual([]);
  expect(clock.pending).toBe(0);
});
