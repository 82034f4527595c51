import { expect, test } from "vitest";
import { unreadLimits, watchUnreadGossip } from "../../../src/network/gossip-watch.ts";
import type { Host } from "../../../src/network/host.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const { perHost, inAll } = unreadLimits;

/** Peers by name, each with its address and what it has not read. */
function setUp() {
  const clock = new ManualClock();
  const cut: string[] = [];
  const connections: object[] = [];
  const host = { getConnections: () => connections } as unknown as Host;
  const connect = (peer: string, address: string, bytes: number, stream: object = {}, below = 0) =>
    connections.push({
      muxer: { maConn: { writeBufferLength: below } },
      remotePeer: peer,
      remoteAddr: `/ip4/${address}/tcp/1`,
      streams: [{ direction: "outbound", protocol: "/meshsub/1.2.0", writeBufferLength: bytes, ...stream }],
      abort: () => cut.push(peer),
    });
  const stop = watchUnreadGossip(host, { clock, logger: silentLogger });
  return { clock, cut, connect, stop };
}

test("bounds unread gossip for each address by closing the connections with most of it", async () => {
  const { clock, cut, connect } = setUp();
  connect("deaf", "192.0.2.1", perHost + 1);
  connect("slow", "192.0.2.1", perHost / 2);
  connect("other", "192.0.2.2", perHost);
  await clock.advance(1_000);
  expect(cut).toEqual(["deaf"]);
});

test("bounds unread gossip in all, and keeps the connections with least of it", async () => {
  const { clock, cut, connect } = setUp();
  const size = perHost / 2;
  const count = inAll / size;
  for (let index = 0; index < count + 2; index++) connect(`peer ${index}`, `192.0.2.${index}`, size + index);
  connect("honest", "192.0.3.1", 1_000);
  await clock.advance(1_000);
  expect(cut).toEqual(["peer 7", "peer 8", "peer 9"]);
});

test("does not count answers and received bytes", async () => {
  const { clock, cut, connect } = setUp();
  connect("answered", "192.0.2.1", perHost + 1, { direction: "inbound", protocol: "/ccoin/blocks/1" });
  connect("asked", "192.0.2.2", perHost + 1, { protocol: "/ccoin/height/1" });
  await clock.advance(1_000);
  expect(cut).toEqual([]);
});

test("counts what a peer has moved out of its stream by enlarging the window", async () => {
  const { clock, cut, connect } = setUp();
  connect("deaf", "192.0.2.1", 0, {}, perHost + 1);
  connect("slow", "192.0.2.2", perHost / 2, {}, perHost / 2);
  await clock.advance(1_000);
  expect(cut).toEqual(["deaf"]);
});

test("stops", async () => {
  const { clock, cut, connect, stop } = setUp();
  connect("deaf", "192.0.2.1", perHost + 1);
  stop();
  await clock.advance(10_000);
  expect(cut).toEqual([]);
  expect(clock.pending).toBe(0);
});
