import { expect, test } from "vitest";
import type { PeerInfo } from "../../../src/network/types.ts";
import { Candidates } from "../../../src/sync/candidates.ts";
import { addressGroup } from "../../../src/util/address-group.ts";
import { ManualClock } from "../support/clock.ts";

function setUp(peers: Record<string, Partial<PeerInfo>>) {
  const clock = new ManualClock();
  const infos = Object.entries(peers).map(([id, info]) => ({
    ...{
      id,
      address: `/ip4/10.0.${id.length}.1/tcp/1`,
      direction: "inbound" as const,
      chosen: false,
      score: 0,
      connectedAtMs: 0,
    },
    ...info,
  }));
  const candidates = new Candidates({ network: { peers: () => infos }, clock });
  const take = (...ids: string[]) => ids.filter((id) => candidates.take(id));
  return { clock, candidates, take, all: Object.keys(peers) };
}

test("inbound peers fill only two places: one stays for a dialled peer, and one for a peer that has delivered", () => {
  const strangers = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`s${n}`, {}]));
  const { candidates, take, all } = setUp({ ...strangers, dialled: { chosen: true }, proven: {} });
  candidates.prove("proven");
  expect(take(...all)).toEqual(["s0", "s1", "dialled", "proven"]);
  expect(candidates.tried).toBe(4);
  candidates.free("s0");
  expect(candidates.untried(["s0", "s1", "s2"])).toEqual(["s0", "s2"]);
  expect(take("s2", "s3")).toEqual(["s2"]);
});

test("dialled peers do not take the place of a peer that has delivered", () => {
  const outbound = { chosen: true };
  const { candidates, take } = setUp({ a: outbound, b: outbound, c: outbound, d: outbound, proven: {} });
  candidates.prove("proven");
  expect(take("a", "b", "c", "d", "proven")).toEqual(["a", "b", "c", "proven"]);
});

test("leaves out a failed peer, twice as long after each failure, and then ranks it last", async () => {
  const { clock, candidates } = setUp({ a: {}, bb: {} });
  const pauses: number[] = [];
  for (let time = 0; time < 9; time++) {
    pauses.push(candidates.doubt("a"));
    expect(candidates.untried(["a", "bb"])).toEqual(["bb"]);
    await clock.advance(pauses.at(-1)!);
    expect(candidates.untried(["a", "bb"])).toEqual(["bb", "a"]);
  }
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  candidates.trust("a");
  expect(candidates.untried(["a", "bb"])).toEqual(["a", "bb"]);
  expect(candidates.doubt("a")).toBe(500);
});

test("ranks new ids of a failed network last without leaving them out; dialled peers keep their rank", async () => {
  const here = { address: "/ip4/10.0.0.1/tcp/1" };
  const next = { address: "/ip4/10.0.0.2/tcp/1" };
  const { clock, candidates } = setUp({
    ...{ s1: here, s2: next, honest: { address: "/ip4/10.0.1.1/tcp/1" } },
    dialled: { ...next, chosen: true },
  });
  expect(candidates.untried(["s2", "honest", "dialled"])).toEqual(["s2", "honest", "dialled"]);
  candidates.doubt("s1");
  expect(candidates.untried(["s2", "honest", "dialled"])).toEqual(["honest", "dialled", "s2"]);
  await clock.advance(60_000);
  expect(candidates.untried(["s2", "honest"])).toEqual(["s2", "honest"]);
});

test("ranks the longest connected peers first, then those that claim most", () => {
  const { candidates } = setUp({
    young: { connectedAtMs: 5 },
    old: { connectedAtMs: 1 },
    alike: { connectedAtMs: 5 },
  });
  expect(candidates.untried(["young", "alike", "old"])).toEqual(["old", "young", "alike"]);
  expect(candidates.untried(["alike", "young", "gone"])).toEqual(["alike", "young"]);
});

test("the download peers always include a dialled peer and one that has delivered", () => {
  const strangers = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`s${n}`, {}]));
  const { candidates, take, all } = setUp({ ...strangers, dialled: { chosen: true }, proven: {} });
  candidates.prove("proven");
  take("dialled");
  expect(candidates.some(all, 3)).toEqual(["proven", "dialled", "s0"]);
});

test("counts an IPv4 /24 or an IPv6 /64 as one network", () => {
  expect(addressGroup("/ip4/192.0.2.77/tcp/1/p2p/x")).toBe("192.0.2.0/24");
  for (const address of ["2001:db8:0:1::7", "2001:0db8:0000:0001:5:6:7:8", "2001:DB8::1:9:9:9:9"])
    expect(addressGroup(`/ip6/${address}/tcp/1`)).toBe("2001:db8:0:1::/64");
  expect(addressGroup("/ip6/::1/tcp/1")).toBe("0:0:0:0::/64");
  expect(addressGroup("/dns4/one.example/tcp/1")).toBe("/dns4/one.example/tcp/1");
});

test("tries one peer of each network at a time, and those first whose network has failed least", async () => {
  const at = (group: number) => ({ address: `/ip4/10.0.${group}.1/tcp/1` });
  const { clock, candidates, take } = setUp({
    a1: at(1),
    a2: at(1),
    a3: at(1),
    a4: at(1),
    b1: at(2),
    c1: at(3),
  });
  const all = ["a1", "a2", "a3", "a4", "b1", "c1"];
  expect(take("a1")).toEqual(["a1"]);
  expect(candidates.untried(all)).toEqual(["b1", "c1", "a2", "a3", "a4"]);
  candidates.free("a1");
  for (const liar of ["a1", "a2", "a3"]) candidates.doubt(liar);
  candidates.doubt("c1");
  await clock.advance(1_000);
  // New ids of a failing network do not displace a peer that failed once.
  expect(candidates.untried(all)).toEqual(["b1", "c1", "a4", "a1", "a2", "a3"]);
});

test("lists the peers once for each choice among them, however many there are", () => {
  const infos = Array.from({ length: 96 }, (_, n) => ({
    id: `s${n}`,
    address: "/ip4/10.0.0.1/tcp/1",
    direction: "inbound" as const,
    chosen: false,
    score: 0,
    connectedAtMs: n,
  }));
  let lists = 0;
  const peers = () => {
    lists++;
    return infos;
  };
  const candidates = new Candidates({ network: { peers }, clock: new ManualClock() });
  const ids = infos.map(({ id }) => id);
  expect(candidates.some(ids, 4)).toHaveLength(4);
  expect(lists).toBe(1);
  expect(candidates.untried(ids)).toHaveLength(96);
  expect(lists).toBe(2);
});
