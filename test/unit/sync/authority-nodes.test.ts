import { expect, onTestFinished, test } from "vitest";
import { AuthorityNode, authority, type RequestErrorCode } from "../../../protocols/index.ts";
import {
  AuthorityNodes,
  authorityAskAgainMs,
  maxAskedSoon,
  unansweredAskAgainMs,
} from "../../../src/sync/authority-nodes.ts";
import { computeDomain, type DomainType, rootOf, signingRoot } from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, type TestSigner, testGenesis, users } from "../support/chain.ts";
import { FakeNetwork, type Fault, failing } from "../support/network.ts";
import { settledClock, syncNode, verifyHere } from "../support/sync-node.ts";

const genesis = await testGenesis(3);
const [first, second] = authorities as [TestSigner, TestSigner, ...TestSigner[]];
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Nodes of some accounts; the first is connected to all others. Undefined is a node that names no account. */
async function nodesOf(...signers: (TestSigner | undefined)[]) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  let count = 0;
  const nonce = () => new Uint8Array(32).fill(++count);
  const all = [];
  for (const [index, signer] of signers.entries()) {
    const node = await syncNode(net, `node ${index}`, genesis);
    const nodes = new AuthorityNodes({
      ...node,
      clock,
      logger: silentLogger,
      verify: verifyHere,
      nonce,
      signer,
    });
    node.statuses.start();
    nodes.start();
    onTestFinished(async () => {
      nodes.stop();
      await node.stop();
    });
    all.push({ ...node, nodes });
  }
  const [one, ...rest] = all as [(typeof all)[number], ...typeof all];
  for (const other of rest) net.connect(one.network, other.network);
  await clock.advance(1_000);
  const reconnect = async () => {
    for (const other of rest) net.disconnect(one.network, other.network);
    for (const other of rest) net.connect(one.network, other.network);
    await clock.advance(1_000);
  };
  const penalties = () => [...net.nodes.values()].flatMap((node) => node.penalties.splice(0));
  return { net, clock, one, rest, reconnect, penalties };
}

test("peers learn of each other which authority's node each of them is", async () => {
  const { net, one, rest, penalties } = await nodesOf(first, second, users[0], undefined);
  expect(one.nodes.of("node 1")).toEqual(second.publicKey);
  expect(one.nodes.of("node 2")).toBeUndefined();
  expect(one.nodes.of("node 3")).toBeUndefined();
  for (const { nodes } of rest) expect(nodes.of("node 0")).toEqual(first.publicKey);
  expect(penalties()).toEqual([]);
  net.disconnect(one.network, rest[0]!.network);
  expect(one.nodes.of("node 1")).toBeUndefined();
});

test("a peer is asked once in a while, and what it showed ends with its seat", async () => {
  const { net, clock, one } = await nodesOf(undefined, second);
  await clock.advance(authorityAskAgainMs - 10_000);
  expect(net.count("authority")).toBe(2);
  await clock.advance(20_000);
  expect(net.count("authority")).toBe(4);
  expect(one.nodes.of("node 1")).toEqual(second.publicKey);
  const { snapshot } = one.chain;
  Object.defineProperty(one.chain, "snapshot", { value: { ...snapshot, authorities: [first.publicKey] } });
  expect(one.nodes.of("node 1")).toBeUndefined();
});

/** A node whose peer, an authority's node, fails to answer until `net.fault` is set again. */
async function failed(fault: Fault) {
  const nodes = await nodesOf(undefined, second);
  const { net, clock, one, reconnect } = nodes;
  net.fault = (peer, name) => (name === "authority" && peer === "node 1" ? fault : undefined);
  await reconnect();
  // A question that is not answered ends after 5 s.
  await clock.advance(5_000);
  expect(one.nodes.of("node 1")).toBeUndefined();
  const asked = () =>
    net.requests.filter(({ to, protocol }) => to === "node 1" && protocol === "authority").length;
  return { ...nodes, asked, before: asked() };
}

test.each<[string, Fault]>([
  ["does not answer in time", { stall: true }],
  ["refuses because it is busy", { answer: failing("rateLimited", "too many requests") }],
  ["fails", { answer: failing("serverError", "internal error") }],
  ["does not serve the protocol yet", { answer: failing("unsupported", "no such protocol") }],
  ["breaks off", { answer: failing("connection", "the stream was reset") }],
])("a peer that %s is asked again soon, a few times, and then like all others", async (_, fault) => {
  const { net, clock, one, asked, before } = await failed(fault);
  const soonMs = maxAskedSoon * (unansweredAskAgainMs + 15_000);
  await clock.advance(soonMs);
  expect(asked() - before).toBe(maxAskedSoon);
  await clock.advance(authorityAskAgainMs - soonMs);
  expect(asked() - before).toBe(maxAskedSoon);
  await clock.advance(2 * authorityAskAgainMs);
  expect(asked() - before).toBe(maxAskedSoon + 2);
  net.fault = () => undefined;
  await clock.advance(authorityAskAgainMs);
  expect(one.nodes.of("node 1")).toEqual(second.publicKey);
});

test("a peer shows its authority soon after it was busy", async () => {
  const { net, clock, one } = await failed({ answer: failing("rateLimited", "too many requests") });
  net.fault = () => undefined;
  await clock.advance(unansweredAskAgainMs + 10_000);
  expect(one.nodes.of("node 1")).toEqual(second.publicKey);
});

test.each<[string, RequestErrorCode]>([
  ["is no authority's", "resourceUnavailable"],
  ["answers with nonsense", "malformed"],
])("a peer that %s is not asked again soon", async (_, code) => {
  const { clock, asked, before } = await failed({ answer: failing(code, "no") });
  await clock.advance(authorityAskAgainMs - 10_000);
  expect(asked()).toBe(before);
  await clock.advance(20_000);
  expect(asked()).toBe(before + 1);
});

/** Signs what a node of an authority signs, with parts that may be wrong. */
async function signed(by: TestSigner, peer: string, nonce: Uint8Array, type: DomainType = "authorityNode") {
  const root = rootOf(AuthorityNode, { peerId: utf8(peer), nonce });
  const signature = await by.sign(signingRoot(root, computeDomain(type, genesis.id)));
  return { authority: by.publicKey, signature };
}

test("signatures for other peers, questions and purposes, and those of others, are penalized", async () => {
  const { net, one, reconnect, penalties } = await nodesOf(undefined, second);
  const lies: ((nonce: Uint8Array) => Promise<{ authority: Uint8Array; signature: Uint8Array }>)[] = [
    (nonce) => signed(second, "node 2", nonce),
    () => signed(second, "node 1", new Uint8Array(32)),
    (nonce) => signed(second, "node 1", nonce, "finalityVote"),
    async (nonce) => ({ ...(await signed(users[0]!, "node 1", nonce)), authority: second.publicKey }),
    async () => ({ authority: second.publicKey, signature: new Uint8Array(64) }),
  ];
  for (const lie of lies) {
    net.fault = (peer, name) => {
      if (name !== "authority" || peer !== "node 1") return undefined;
      return {
        async *answer({ nonce }: { nonce: Uint8Array }) {
          yield await lie(nonce);
        },
      };
    };
    await reconnect();
    expect(one.nodes.of("node 1")).toBeUndefined();
    expect(penalties()).toMatchObject([{ peer: "node 1", offence: "invalidResponse" }]);
  }
  net.fault = () => undefined;
  await reconnect();
  expect(one.nodes.of("node 1")).toEqual(second.publicKey);
});

test("an authority's answer is penalized if another peer passes it on", async () => {
  const { net, one, rest, reconnect } = await nodesOf(undefined, second, undefined);
  const [real, relay] = rest as [(typeof rest)[number], (typeof rest)[number]];
  net.connect(relay.network, real.network);
  net.fault = (peer, name) => {
    if (name !== "authority" || peer !== "node 2") return undefined;
    return { answer: (request) => relay.network.request("node 1", authority, request) };
  };
  await reconnect();
  expect(one.nodes.of("node 1")).toEqual(second.publicKey);
  expect(one.nodes.of("node 2")).toBeUndefined();
  expect(one.network.penalties).toMatchObject([{ peer: "node 2", offence: "invalidResponse" }]);
});

test("the signature of an account that is no authority is not checked, and nobody is blamed: sets may differ", async () => {
  const { net, one, reconnect, penalties } = await nodesOf(undefined, undefined);
  net.fault = (_, name) => {
    if (name !== "authority") return undefined;
    return {
      async *answer() {
        yield { authority: users[0]!.publicKey, signature: new Uint8Array(64) };
      },
    };
  };
  await reconnect();
  expect(one.nodes.of("node 1")).toBeUndefined();
  expect(penalties()).toEqual([]);
});

test("two hundred peers that come and go leave nothing, and each is asked once", async () => {
  const { net, clock, one } = await nodesOf(undefined, second);
  const before = net.count("authority");
  const { events } = one.statuses;
  for (let index = 0; index < 200; index++) {
    const liar = net.node(`liar ${index}`);
    liar.serve(authority, async function* () {
      yield { authority: second.publicKey, signature: new Uint8Array(64) };
    });
    net.connect(one.network, liar);
    for (let times = 0; times < 3; times++) events.emit("status", { peer: liar.peerId } as never);
    await clock.advance(1);
    expect(one.nodes.of(liar.peerId)).toBeUndefined();
    net.disconnect(one.network, liar);
  }
  expect(net.count("authority")).toBe(before + 200);
  expect(one.network.penalties).toHaveLength(200);
});
