import type { GossipSub } from "@libp2p/gossipsub";
import { RPC } from "@libp2p/gossipsub/message";
import { expect, test } from "vitest";
import {
  controlQuota,
  countParts,
  guardGossip,
  partsQuota,
  rpcLimits,
  rpcQuota,
} from "../../../src/network/gossip-guard.ts";
import { PeerScores } from "../../../src/network/scores.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

type Rpc = Parameters<typeof RPC.encode>[0];
const rpc = (parts: Partial<Rpc>) => RPC.encode({ subscriptions: [], messages: [], ...parts });
const control = (parts: object) =>
  rpc({
    control: { ihave: [], iwant: [], graft: [], prune: [], idontwant: [], ...parts } as Rpc["control"] &
      object,
  });
const many = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);
const id = new Uint8Array(32);
const none = new Uint8Array();

/** Encodes a field of at most 16 KiB. */
const framed = (tag: number, bytes: Uint8Array) =>
  Uint8Array.of(tag, (bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes);

test("counts the parts of an RPC on the wire", () => {
  const parts = (bytes: Uint8Array) => countParts(bytes)?.parts;
  expect(parts(rpc({}))).toBe(1);
  const message = { topic: "t", data: new Uint8Array(100) };
  const subscription = { topic: "t", subscribe: true };
  expect(parts(rpc({ subscriptions: [subscription], messages: [message, message] as never }))).toBe(4);
  // An IHAVE of three ids also names its topic.
  expect(parts(control({ ihave: [{ topicID: "t", messageIDs: many(3, id) }] }))).toBe(1 + 1 + 4);
  expect(parts(control({ iwant: [{ messageIDs: many(3, none) }] }))).toBe(1 + 1 + 3);
});

test("accepts the largest RPC that gossipsub itself sends", () => {
  const ihave = many(4, { topicID: "t".repeat(80), messageIDs: many(5_000, id) });
  expect(countParts(control({ ihave }))).toBeDefined();
  expect(countParts(control({ iwant: [{ messageIDs: many(5_000, id) }] }))).toBeDefined();
  expect(countParts(control({ idontwant: many(512, { messageIDs: [id] }) }))).toBeDefined();
});

test.each([
  [
    "subscriptions",
    rpc({ subscriptions: many(rpcLimits.subscriptions + 1, { topic: "t", subscribe: true }) }),
  ],
  ["messages", rpc({ messages: many(rpcLimits.messages + 1, { topic: "t", data: none }) as never })],
  ["IWANTs", control({ iwant: many(rpcLimits.controlMessages + 1, { messageIDs: [] }) })],
  ["GRAFTs", control({ graft: many(rpcLimits.controlMessages + 1, { topicID: "t" }) })],
  ["ids of no bytes", control({ iwant: many(5, { messageIDs: many(5_000, none) }) })],
  ["peers to connect to", control({ prune: many(500, { topicID: "t", peers: many(50, {}) }) })],
  [
    "fields that nobody knows",
    new Uint8Array(2 * (rpcLimits.unknown + 1)).fill(0).map((_, at) => (at % 2 ? 0 : 0x78)),
  ],
  [
    "kinds of control messages that nobody knows",
    framed(
      0x1a,
      Uint8Array.from({ length: 2 * (rpcLimits.unknown + 1) }, (_, at) => (at % 2 ? 0 : 0x7a)),
    ),
  ],
  ["a length beyond the end", Uint8Array.of(0x12, 0x7f, 0)],
  ["bytes that are no protobuf", Uint8Array.of(0x0f, 1, 2)],
  ["a varint that does not end", new Uint8Array(20).fill(0xff)],
])("refuses an RPC with too many parts, or none: %s", (_name, bytes) => {
  expect(countParts(bytes)).toBeUndefined();
});

/** Guards a peer's stream as gossipsub would read it. */
function guarded() {
  const clock = new ManualClock();
  const scores = new PeerScores({ clock, logger: silentLogger, onBlocked: () => undefined });
  const taken: Uint8Array[] = [];
  const charged: number[] = [];
  const intake = { chargePeer: (_peer: string, units: number) => charged.push(units) as never };
  const pubsub = {
    async pipePeerReadStream(_peer: unknown, stream: AsyncIterable<{ subarray(): Uint8Array }>) {
      for await (const chunk of stream) taken.push(chunk.subarray());
    },
    handlePeerReadStreamError: () => undefined,
  };
  guardGossip(pubsub as unknown as GossipSub, { scores, clock, intake });
  async function* stream(count: number, bytes: Uint8Array) {
    for (let sent = 0; sent < count; sent++) yield { subarray: () => bytes };
  }
  const send = (count: number, bytes: Uint8Array) => pubsub.pipePeerReadStream("peer", stream(count, bytes));
  return { clock, scores, taken, charged, send, pubsub };
}

test("an RPC above the limits is never decoded, and bans its sender", async () => {
  const { scores, taken, send } = guarded();
  const flood = control({ iwant: many(1_600, { messageIDs: many(20, none) }) });
  await send(1, flood);
  expect(scores.blocked("peer")).toBe(true);
  await send(1, rpc({}));
  expect(taken).toHaveLength(0);
});

test("the parts of an RPC are charged to the share of its sender's address", async () => {
  const { charged, send } = guarded();
  await send(2, rpc({ messages: many(10, { topic: "t", data: none }) as never }));
  expect(charged).toEqual([11, 11]);
});

test("a stream of small RPCs is cut off at the quota, and its sender banned", async () => {
  const { scores, taken, send } = guarded();
  const small = rpc({ messages: [{ topic: "t", data: none }] as never });
  await send(rpcQuota.requests, small);
  expect([taken.length, scores.score("peer")]).toEqual([rpcQuota.requests, 0]);
  await send(1_000, small);
  expect(taken.length).toBeLessThan(rpcQuota.requests + 10);
  expect(scores.blocked("peer")).toBe(true);
});

test("control messages that follow from nobody's message have a quota of their own, and a flood of them bans its sender", async () => {
  const floods = [
    control({ ihave: [{ topicID: "t", messageIDs: [id] }] }),
    control({ iwant: [{ messageIDs: [id] }] }),
    control({ graft: [{ topicID: "t" }], prune: [{ topicID: "t" }] }),
    rpc({ subscriptions: [{ topic: "t", subscribe: true }] }),
    rpc({}),
  ];
  for (const bytes of floods) {
    const { clock, scores, taken, send } = guarded();
    await send(controlQuota.requests, bytes);
    expect([taken.length, scores.score("peer")]).toEqual([controlQuota.requests, 0]);
    await clock.advance(1_000);
    const aSecond = (1_000 * controlQuota.requests) / controlQuota.perMs;
    await send(1_000, bytes);
    expect(taken.length).toBe(controlQuota.requests + aSecond);
    expect(scores.blocked("peer")).toBe(true);
  }
});

test("does not count messages and IDONTWANT as control messages", async () => {
  const { scores, taken, send } = guarded();
  const message = { topic: "t", data: new Uint8Array(100) };
  const count = 2 * controlQuota.requests;
  await send(count, rpc({ messages: [message] as never }));
  await send(count, control({ idontwant: [{ messageIDs: [id] }] }));
  expect([taken.length, scores.score("peer")]).toEqual([2 * count, 0]);
});

test("counts many ids in few RPCs as many parts", async () => {
  const { scores, taken, send } = guarded();
  await send(1_000, control({ ihave: [{ topicID: "t", messageIDs: many(5_000, id) }] }));
  expect(taken.length).toBeLessThan(partsQuota.requests / 5_000 + 2);
  expect(scores.blocked("peer")).toBe(true);
});

test("an RPC that is too large to be read bans its sender", () => {
  const { scores, pubsub } = guarded();
  const fail = pubsub.handlePeerReadStreamError as (error: Error, peer: string) => void;
  fail(Object.assign(new Error("too long"), { name: "InvalidDataLengthError" }), "peer");
  expect(scores.blocked("peer")).toBe(true);
});
