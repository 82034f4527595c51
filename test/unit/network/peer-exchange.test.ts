import { describe, expect, test } from "vitest";
import {
  maxPeersPerRequest,
  maxRecordBytes,
  type PeersRequest,
  type ToldPeer,
} from "../../../protocols/index.ts";
import {
  exchangeLimits,
  PeerExchange,
  type PeerExchangeOptions,
} from "../../../src/network/peer-exchange.ts";
import type { SignedRecord } from "../../../src/network/signed-record.ts";
import type { PeerId, PeerInfo } from "../../../src/network/types.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";
import { signRecord } from "./sign-record.ts";

const lan = (n: number) => `/ip4/192.168.1.${n}/tcp/63261`;
const pub = (n: number) => `/ip4/203.0.113.${n}/tcp/63261`;

const good = await signRecord(2, [lan(2), lan(3)]);
const ofOther = await signRecord(3, [lan(66)], 1n, 2);
const forged = good.envelope.slice();
forged[forged.length - 1]! ^= 1;

const info = (id: PeerId, address: string, more: Partial<PeerInfo> = {}): PeerInfo => ({
  id,
  address,
  direction: "outbound",
  score: 0,
  connectedAtMs: 0,
  chosen: false,
  ...more,
});

interface Known extends Partial<PeerInfo> {
  record: SignedRecord;
  /** The address of the connection. */
  address?: string;
  worked?: string[];
}

/** Makes the exchange of a node that knows these peers; `answers` is what others tell it. */
function setUp(known: Known[] = [], options: Partial<PeerExchangeOptions> = {}) {
  const clock = new ManualClock();
  const begin = clock.now();
  const infos: PeerInfo[] = known.map(({ record, worked: _, address, ...more }) =>
    info(record.id, address ?? record.addresses[0]!, more),
  );
  const answers = new Map<PeerId, ToldPeer[]>();
  const asked: { id: PeerId; atMs: number }[] = [];
  const penalties: string[] = [];
  const found: [id: PeerId, addresses: readonly string[], host: string][] = [];
  let handler: ((request: PeersRequest, context: { peer: PeerId }) => AsyncIterable<ToldPeer>) | undefined;
  let read = 0;
  const exchange = new PeerExchange({
    network: {
      peerId: "self",
      peers: () => infos,
      serve: (_protocol: unknown, serving: never) => {
        handler = serving;
      },
      async *request(id: PeerId) {
        asked.push({ id, atMs: clock.now() - begin });
        for (const told of answers.get(id) ?? []) {
          read++;
          yield told;
        }
      },
      penalize: (_peer: PeerId, offence: string, detail: string) => penalties.push(`${offence} ${detail}`),
    } as never,
    clock,
    logger: silentLogger,
    random: () => 0.5,
    isFollowed: () => true,
    recordOf: (peer) => known.find(({ record }) => record.id === peer)?.record,
    workedOf: (peer) => {
      const of = known.find(({ record }) => record.id === peer);
      return of?.worked ?? of?.record.addresses ?? [];
    },
    wantsMore: () => true,
    found: (id, addresses, teller) => found.push([id, addresses, `${teller.by} ${teller.place.host}`]),
    ...options,
  });
  exchange.start();
  const ask = async (asker: string, limit = maxPeersPerRequest): Promise<ToldPeer[]> => {
    infos.push(info("asker", asker));
    const told: ToldPeer[] = [];
    for await (const chunk of handler!({ limit }, { peer: "asker" })) told.push(chunk);
    infos.pop();
    return told;
  };
  return { exchange, clock, infos, answers, asked, penalties, found, ask, chunksRead: () => read };
}

describe("a node tells", () => {
  test("tells of peers that it is connected with and that follow its chain, and of none that misbehaved", async () => {
    const [one, two, three, unknown] = await Promise.all([1, 2, 3, 4].map((n) => signRecord(n, [pub(n)])));
    const { ask } = setUp([{ record: one! }, { record: two! }, { record: three!, score: -1 }], {
      isFollowed: (peer) => peer !== two!.id,
      recordOf: (peer) => [one!, two!, three!, unknown!].find(({ id }) => id === peer),
    });
    expect(await ask(pub(9))).toEqual([{ record: one!.envelope, addresses: [0] }]);
  });

  test("tells nobody of itself", async () => {
    const record = await signRecord(1, [pub(1)]);
    const { ask } = setUp([{ record: { ...record, id: "asker" } }]);
    expect(await ask(pub(1))).toEqual([]);
  });

  test("tells only addresses that worked: a peer cannot have others dial those of a victim", async () => {
    const victim = pub(66);
    const honest = await signRecord(1, [lan(1), pub(1)]);
    const liar = await signRecord(2, [victim]);
    const both = await signRecord(3, [victim, pub(3)]);
    const { ask } = setUp([
      { record: honest, worked: [pub(1)] },
      { record: liar, worked: [pub(2)] },
      { record: both, worked: [pub(3)] },
    ]);
    const told = await ask(pub(9));
    expect(told.map(({ addresses }) => [...addresses])).toEqual([[1], [1]]);
    expect(told.map(({ record }) => record)).not.toContainEqual(liar.envelope);
  });

  test.each<[asker: string, positions: number[]]>([
    ["/ip4/198.51.100.7/tcp/1", [3, 4]],
    ["/ip4/192.168.1.9/tcp/1", [2, 3, 4]],
    ["/ip4/10.9.9.9/tcp/1", [2, 3, 4]],
    ["/ip4/127.0.0.1/tcp/1", [0, 2, 3, 4]],
    ["/ip6/fd00::9/tcp/1", [2, 3, 4]],
    ["/ip6/2001:db8:1::9/tcp/1", [3, 4]],
  ])("a peer at %s only what it may reach", async (asker, positions) => {
    const addresses = [
      "/ip4/127.0.0.1/tcp/1",
      "/ip6/fe80::1/tcp/1",
      lan(1),
      pub(1),
      "/ip6/2001:db8::1/tcp/1",
    ];
    const { ask } = setUp([{ record: await signRecord(1, addresses) }]);
    expect((await ask(asker)).map((told) => [...told.addresses])).toEqual([positions]);
  });

  test("tells of at most as many peers as were asked for, and refuses other limits", async () => {
    const records = await Promise.all(Array.from({ length: 20 }, (_, n) => signRecord(n + 1, [lan(n + 1)])));
    const { ask } = setUp(records.map((record) => ({ record })));
    expect(await ask(lan(99))).toHaveLength(maxPeersPerRequest);
    expect(await ask(lan(99), 3)).toHaveLength(3);
    for (const limit of [0, maxPeersPerRequest + 1])
      await expect(ask(lan(99), limit)).rejects.toMatchObject({ code: "invalidRequest" });
  });

  test("a sample that no crowd fills, neither of one address nor of one network", async () => {
    const crowd = Array.from({ length: 40 }, (_, n) => `/ip4/203.0.113.${n < 20 ? 1 : n}/tcp/${n + 1}`);
    const others = Array.from({ length: 4 }, (_, n) => `/ip4/198.51.${n}.1/tcp/1`);
    const records = await Promise.all(
      [...crowd, ...others].map((address, n) => signRecord(n + 1, [address])),
    );
    const { ask } = setUp(records.map((record) => ({ record })));
    const told = (await ask(pub(200), 8)).map(({ record }) => Buffer.from(record).toString("hex"));
    const isTold = ({ envelope }: SignedRecord) => told.includes(Buffer.from(envelope).toString("hex"));
    expect(records.slice(40).every(isTold)).toBe(true);
    expect(records.slice(0, 20).filter(isTold).length).toBeLessThanOrEqual(1);
  });

  test("tells of no peer whose record is too long for an answer", async () => {
    const record = await signRecord(1, [pub(1)]);
    const long = { ...record, envelope: new Uint8Array(maxRecordBytes + 1) };
    expect(await setUp([{ record: long }]).ask(pub(9))).toEqual([]);
  });
});

describe("a node asks", () => {
  test("asks only while it wants more connections", async () => {
    let wantsMore = false;
    const { clock, asked } = setUp([{ record: await signRecord(1, [lan(1)]) }], {
      wantsMore: () => wantsMore,
    });
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    wantsMore = true;
    await clock.advance(exchangeLimits.everyMs);
    expect(asked).toHaveLength(1);
  });

  test("asks often at first and once a minute later", async () => {
    const { clock, asked } = setUp([{ record: await signRecord(1, [lan(1)]) }]);
    await clock.advance(20_000);
    expect(asked.map(({ atMs }) => atMs)).toEqual([5_000, 10_000, 15_000, 20_000]);
    await clock.advance(3_600_000);
    expect(asked.length).toBeLessThanOrEqual(4 + 65);
    expect(asked.at(-1)!.atMs - asked.at(-2)!.atMs).toBe(exchangeLimits.rarelyMs);
  });

  test("asks at another moment than nodes that have started with it", async () => {
    const record = await signRecord(1, [lan(1)]);
    const times = [0, 0.999].map(async (random) => {
      const { clock, asked } = setUp([{ record }], { random: () => random });
      await clock.advance(2 * exchangeLimits.everyMs);
      return asked[0]!.atMs;
    });
    const [first, last] = await Promise.all(times);
    expect(last! - first!).toBeGreaterThan(exchangeLimits.everyMs / 3);
  });

  test("goes on asking when the clock was set back", async () => {
    const { exchange, clock, asked } = setUp([{ record: await signRecord(1, [lan(1)]) }]);
    await clock.advance(5_000);
    clock.setBack(24 * 3_600_000);
    // The test's clock has set back its timers too.
    exchange.start();
    await clock.advance(5_000);
    expect(asked).toHaveLength(2);
  });

  test("two peers at a time, in turns, and of those that connected by themselves only if there are no others", async () => {
    const records = await Promise.all([1, 2, 3, 4].map((n) => signRecord(n, [lan(n)])));
    const known = records.map(
      (record, n) => ({ record, direction: n < 3 ? "outbound" : "inbound" }) as Known,
    );
    const { clock, asked, infos } = setUp(known);
    await clock.advance(5_000);
    expect(asked).toHaveLength(2);
    await clock.advance(5_000);
    expect(new Set(asked.map(({ id }) => id))).toEqual(new Set(records.slice(0, 3).map(({ id }) => id)));
    infos.splice(0, 3);
    await clock.advance(5_000);
    expect(asked.at(-1)!.id).toBe(records[3]!.id);
  });

  test("asks no peer of another chain", async () => {
    const { clock, asked } = setUp([{ record: await signRecord(1, [lan(1)]) }], { isFollowed: () => false });
    await clock.advance(60_000);
    expect(asked).toEqual([]);
  });

  test("nobody after its end", async () => {
    const { exchange, clock, asked } = setUp([{ record: await signRecord(1, [lan(1)]) }]);
    exchange.stop();
    await clock.advance(60_000);
    expect([asked, clock.pending]).toEqual([[], 0]);
  });
});

describe("a node is told", () => {
  /** Lets the peer at 192.168.1.1 answer once. */
  async function told(answer: ToldPeer[], options: Partial<PeerExchangeOptions> = {}) {
    const teller = await signRecord(1, [lan(1)]);
    const base = setUp([{ record: teller }], options);
    base.answers.set(teller.id, answer);
    await base.clock.advance(5_000);
    await base.clock.advance(0);
    return base;
  }

  test("learns what a peer has signed, at the positions that the teller names, and knows who told it", async () => {
    const record = await signRecord(2, [lan(2), lan(3), lan(4)]);
    const { found, penalties } = await told([{ record: record.envelope, addresses: [0, 2] }]);
    expect(found).toEqual([[record.id, [lan(2), lan(4)], "exchange 192.168.1.1"]]);
    expect(penalties).toEqual([]);
  });

  test.each<[lie: string, answer: ToldPeer[], believed: number]>([
    ["a wrong signature", [{ record: forged, addresses: [0] }], 0],
    ["another's id with an address of one's own", [{ record: ofOther.envelope, addresses: [0] }], 0],
    ["no record", [{ record: new Uint8Array(100), addresses: [0] }], 0],
    ["no position", [{ record: good.envelope, addresses: [] }], 0],
    ["a position behind the last", [{ record: good.envelope, addresses: [0, 2] }], 0],
    ["positions out of order", [{ record: good.envelope, addresses: [1, 0] }], 0],
    ["a position twice", [{ record: good.envelope, addresses: [1, 1] }], 0],
    ["a peer twice", [0, 1].map((at) => ({ record: good.envelope, addresses: [at] })), 1],
  ])("%s costs the teller score, and the rest is not read", async (_lie, answer, believed) => {
    const more = { record: (await signRecord(4, [lan(4)])).envelope, addresses: [0] };
    const { found, penalties, chunksRead } = await told([...answer, more]);
    expect(found).toHaveLength(believed);
    expect(penalties).toEqual([expect.stringMatching(/^invalidResponse \/ccoin\/peers\/1: /)]);
    expect(chunksRead()).toBe(answer.length);
  });

  test("nothing by a record that is older than one that it knows, and blames nobody for it", async () => {
    const older = await signRecord(2, [lan(66)], 4n);
    const known = await signRecord(2, [lan(2)], 5n);
    const chunk = { record: older.envelope, addresses: [0] };
    const connected = await told([chunk], { recordOf: () => known });
    expect([connected.found, connected.penalties]).toEqual([[], []]);
    const base = await told([{ record: known.envelope, addresses: [0] }]);
    base.answers.set(base.asked[0]!.id, [chunk]);
    await base.clock.advance(5_000);
    await base.clock.advance(0);
    expect(base.asked).toHaveLength(2);
    expect(base.found.map(([, addresses]) => addresses)).toEqual([[lan(2)]]);
    expect(base.penalties).toEqual([]);
  });
});
