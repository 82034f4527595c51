import { expect, test } from "vitest";
import { crowdScore, MeshShares } from "../../../src/network/mesh-shares.ts";
import { ManualClock } from "../support/clock.ts";

type Direction = "inbound" | "outbound";

function setUp() {
  const clock = new ManualClock();
  const peers = new Map<string, { id: string; host: string; direction: Direction; connectedAtMs: number }>();
  const given = new Set<string>();
  const shares = new MeshShares({
    clock,
    peers: () => [...peers.values()],
    hostOf: (peer) => peers.get(peer)!.host,
    isGiven: (peer) => given.has(peer),
  });
  const connect = (host: string, direction: Direction = "inbound") => {
    const id = `${host}#${peers.size}`;
    peers.set(id, { id, host, direction, connectedAtMs: peers.size });
    return id;
  };
  const crowd = (ids: readonly string[]) => ids.map((id) => shares.scoreOf(id) === crowdScore);
  return { clock, given, connect, crowd };
}

test("four addresses with any number of ids have eight of the twelve places", () => {
  const { connect, crowd } = setUp();
  const ids = Array.from({ length: 80 }, (_, n) => connect(`host${n % 4}`));
  const honest = connect("host5");
  expect(crowd(ids).filter((is) => !is)).toHaveLength(8);
  expect(crowd([honest])).toEqual([false]);
});

test("gives an address's mesh places to dialled peers first, then to the oldest", () => {
  const { connect, crowd } = setUp();
  for (let host = 0; host < 8; host++) connect(`host${host}`);
  const ids = [connect("a"), connect("a"), connect("a"), connect("a", "outbound")];
  expect(crowd(ids)).toEqual([false, true, true, false]);
});

test("an address that has few others beside it has more places, and a person's peers always have one", async () => {
  const { clock, given, connect, crowd } = setUp();
  const school = Array.from({ length: 10 }, () => connect("school"));
  expect(crowd(school).filter((is) => is)).toHaveLength(2);
  connect("other");
  // Peers are counted once a second.
  expect(crowd(school).filter((is) => is)).toHaveLength(2);
  await clock.advance(1_000);
  expect(crowd(school).filter((is) => is)).toHaveLength(6);
  given.add(school.at(-1)!);
  await clock.advance(1_000);
  expect(crowd(school)).toEqual([false, false, false, false, true, true, true, true, true, false]);
});
