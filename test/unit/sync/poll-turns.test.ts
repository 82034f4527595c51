import { expect, test } from "vitest";
import { PollTurns, pollLimits } from "../../../src/sync/poll-turns.ts";
import { ManualClock } from "../support/clock.ts";

function setUp() {
  const clock = new ManualClock();
  const peers = new Map<string, "inbound" | "outbound">();
  let asked: string[] = [];
  const turns = new PollTurns({
    clock,
    peers: () => [...peers].map(([id, direction]) => ({ id, direction })),
    // A peer's name before the `@` is its address.
    hostOf: (peer) => peer.split("@")[0]!,
    ask: (peer) => asked.push(peer),
  });
  const connect = (prefix: string, count: number, direction: "inbound" | "outbound") => {
    for (let index = 0; index < count; index++) peers.set(`${prefix}${index}`, direction);
  };
  /** The peers asked in the next round, if none is under way. */
  const round = async () => {
    asked = [];
    await clock.advance(pollLimits.everyMs);
    return asked;
  };
  turns.start();
  return { clock, turns, peers, connect, round, asked: () => asked };
}

test("a round asks all peers that were dialled, and a bounded number of those that connected by themselves, in turns", async () => {
  const { clock, connect, round } = setUp();
  await clock.advance(1_000);
  connect("stranger", 40, "inbound");
  connect("dialled", 12, "outbound");
  const rounds = [await round(), await round(), await round()];
  for (const asked of rounds) {
    expect(asked.filter((id) => id.startsWith("dialled"))).toHaveLength(12);
    expect(asked.filter((id) => id.startsWith("stranger"))).toHaveLength(pollLimits.inbound);
  }
  expect(new Set(rounds.flat()).size).toBe(52);
});

test("new ids do not keep a peer from its turn", async () => {
  const { clock, peers, connect, round } = setUp();
  await clock.advance(1_000);
  connect("old", 20, "inbound");
  await round();
  for (let index = 0; index < 16; index++) peers.delete(`old${index}`);
  connect("new", 80, "inbound");
  const asked = await round();
  expect(asked.filter((id) => id.startsWith("old"))).toEqual(["old16", "old17", "old18", "old19"]);
});

test("addresses take turns: a crowd of ids of one does not keep the peers of others from being asked in each round", async () => {
  const { clock, connect, round } = setUp();
  await clock.advance(1_000);
  connect("crowd@", 80, "inbound");
  await round();
  connect("honest", 8, "inbound");
  for (const asked of [await round(), await round()]) {
    expect(asked.filter((id) => id.startsWith("honest"))).toHaveLength(8);
    expect(asked.filter((id) => id.startsWith("crowd"))).toHaveLength(pollLimits.inbound - 8);
  }
});

test("asks a few at once, and begins a round every five seconds all the same", async () => {
  const { clock, connect, asked } = setUp();
  connect("dialled", 20, "outbound");
  await clock.advance(5_000);
  expect(asked()).toHaveLength(pollLimits.atOnce);
  await clock.advance(2 * pollLimits.pauseMs);
  expect(asked()).toHaveLength(20);
  await clock.advance(5_000 - 2 * pollLimits.pauseMs - 1);
  expect(asked()).toHaveLength(20);
  await clock.advance(1);
  expect(asked()).toHaveLength(20 + pollLimits.atOnce);
});

test("stops", async () => {
  const { clock, turns, connect, asked } = setUp();
  connect("dialled", 20, "outbound");
  await clock.advance(5_000);
  turns.stop();
  await clock.advance(60_000);
  expect(asked()).toHaveLength(pollLimits.atOnce);
  expect(clock.pending).toBe(0);
});
