import { expect, test } from "vitest";
import { containers, containersIn, decode, root } from "../../second/ssz.ts";
import {
  digestOf,
  framesOf,
  gossipType,
  messageIdOf,
  protocolOf,
  protocols,
  readExchange,
  topicOf,
} from "../../second/wire.ts";
import { nameOf, type Vector, value, vectors } from "./read-vectors.ts";

const { wire, types, finality, chain, recovery } = vectors;
const bytes = (hex: string) => Buffer.from(hex, "hex");

// Only the second implementation checks the vectors.

test.each(wire.frames.map(nameOf) as [string, Vector][])("frames: %s", (_, { bytes: all, cap, payloads }) => {
  const read = () => framesOf(bytes(all), cap).map((payload) => payload.toString("hex"));
  if (payloads) expect(read()).toEqual(payloads);
  else expect(read).toThrow();
});

test.each(wire.exchanges.map(nameOf) as [string, Vector][])("exchange: %s", (_, vector) => {
  const { protocol, request, answer, ack } = vector;
  const read = readExchange(protocol, bytes(request.bytes), bytes(answer.bytes), ack && bytes(ack.bytes));
  const types = protocolOf(protocol);
  expect(root(types.request, read.request)).toBe(request.root);
  expect(read.chunks.map((chunk) => root(types.chunk, chunk))).toEqual(answer.roots);
  expect(read.end).toBe(answer.end);
  if (ack) expect(root(types.ack, read.ack)).toBe(ack.root);
});

test("each protocol of the page has an exchange with a chunk", () => {
  const answered = wire.exchanges.filter(({ answer }: Vector) => answer.roots.length > 0);
  expect(new Set(answered.map(({ protocol }: Vector) => protocol))).toEqual(
    new Set(protocols.map(([id]) => id)),
  );
});

test.each(wire.digests.map(nameOf) as [string, Vector][])("digest: %s", (_, vector) => {
  expect(root("ChainDigest", value(vector))).toBe(vector.root);
  expect(digestOf(value(vector))).toBe(vector.digest);
});

test.each(wire.gossip.map(nameOf) as [string, Vector][])("gossip: %s", (_, vector) => {
  const { name, topic, data, messageId } = vector;
  expect(topicOf(name, wire.genesisId, wire.digests[0].digest)).toBe(topic);
  expect(messageIdOf(topic, bytes(data))).toBe(messageId);
  expect(root(gossipType(name), decode(gossipType(name), bytes(data)))).toBe(vector.root);
});

test("each container of the page is in a vector", () => {
  const found = new Set<string>();
  const objects: Vector[] = [
    ...types.objects,
    ...finality.certificates,
    ...finality.proofs,
    ...finality.evidence,
    ...recovery.recoveries,
    ...wire.digests,
    { type: "GenesisBlock", encoded: chain.genesis.encoded },
  ];
  for (const object of objects) containersIn(object.type, value(object), found);
  for (const { protocol, request, answer, ack } of wire.exchanges) {
    const read = readExchange(protocol, bytes(request.bytes), bytes(answer.bytes), ack && bytes(ack.bytes));
    const types = protocolOf(protocol);
    containersIn(types.request, read.request, found);
    for (const chunk of read.chunks) containersIn(types.chunk, chunk, found);
  }
  for (const { name, data } of wire.gossip)
    containersIn(gossipType(name), decode(gossipType(name), bytes(data)), found);
  expect([...containers].filter((name) => !found.has(name))).toEqual([]);
  expect(containers.length).toBeGreaterThan(40);
});
