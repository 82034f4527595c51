import { AbstractMessageStream, AbstractStream } from "@libp2p/utils";
import { expect, onTestFinished, test, vi } from "vitest";
import { maxGossipBytes, type TopicName, topicNames } from "../../../protocols/index.ts";
import { forwardAfterMs, uselessQuota } from "../../../src/network/gossip.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import type { PeerId, Verdict } from "../../../src/network/types.ts";
import { type Clock, systemClock } from "../../../src/util/clock.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { startNode, startPair, stop, until } from "./nodes.ts";

const genesisId = new Uint8Array(32).fill(7);
const digest = new Uint8Array(4).fill(1);
const chain = { genesisId, digests: [digest] };

interface Received {
  topic: string;
  text: string;
  from: PeerId;
}

/** Joins and records the messages. The verdict is the first word of the message, or `accept` for any other word. */
function join(network: LibP2pNetwork, digests = [digest]): Received[] {
  const received: Received[] = [];
  const validator = (topic: string) => async (message: Uint8Array, from: PeerId) => {
    const text = new TextDecoder().decode(message);
    received.push({ topic, text, from });
    if (text.startsWith("throw")) throw new Error("a validator's own fault");
    const word = text.split(" ")[0];
    return (["ignore", "pardon", "reject"].includes(word!) ? word : "accept") as Verdict;
  };
  network.join({ genesisId, digests }, {
    transactions: validator("transactions"),
    blocks: validator("blocks"),
    votes: validator("votes"),
    evidence: validator("evidence"),
  } as Parameters<LibP2pNetwork["join"]>[1]);
  network.listen(digests);
  return received;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/**
 * Publishes changing texts in every topic until this many peers get them, because subscriptions arrive one after
 * another.
 */
async function ready(from: LibP2pNetwork, peers: number, of = digest): Promise<void> {
  let n = 0;
  for (const name of Object.keys(topicNames) as TopicName[])
    await until(async () => (await from.publish(name, bytes(`ready ${from.peerId} ${n++}`), of)) >= peers);
}

test("delivers a message to the validator of its topic, with the sender", async () => {
  const [a, b] = await startPair();
  join(a);
  const received = join(b);
  await ready(a, 1);
  expect(await a.publish("transactions", bytes("hello"), digest)).toBe(1);
  await until(() => received.some(({ text }) => text === "hello"));
  expect(received.find(({ text }) => text === "hello")).toEqual({
    topic: "transactions",
    text: "hello",
    from: a.peerId,
  });
});

test("a peer that joins later is subscribed to by those that joined before", async () => {
  const [a, b] = await startPair();
  join(a);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const received = join(b);
  await ready(a, 1);
  await ready(b, 1);
  await a.publish("blocks", bytes("later"), digest);
  await until(() => received.some(({ text }) => text === "later"));
});

test("joins and leaves the topics of a digest; messages of other topics are not judged, and cost nothing", async () => {
  const next = new Uint8Array(4).fill(2);
  const both = [digest, next];
  const [a, b] = await startPair();
  join(a, both);
  const heardByB = join(b, both);
  for (const of of both) for (const node of [a, b]) await ready(node, 1, of);
  // The other's subscription is known before this node joins the topic.
  a.listen([digest]);
  let n = 0;
  await until(async () => (await b.publish("blocks", bytes(`gone ${n++}`), next)) === 0);
  a.listen(both);
  expect(await a.publish("blocks", bytes("back"), next)).toBe(1);
  await until(() => heardByB.some(({ text }) => text === "back"));
  b.listen([next]);
  await until(async () => (await a.publish("votes", bytes(`old ${Math.random()}`), digest)) === 0);
  expect(await a.publish("votes", bytes("new"), next)).toBe(1);
  await until(() => heardByB.some(({ text }) => text === "new"));
  expect(b.peers()[0]?.score).toBe(0);
  expect(() => a.listen([new Uint8Array(4)])).toThrow("was not joined");
});

test("publishing the same bytes again reaches 0 peers and does not throw; nor does publishing before joining", async () => {
  const [a, b] = await startPair();
  expect(await a.publish("blocks", bytes("early"), digest)).toBe(0);
  join(a);
  join(b);
  await ready(a, 1);
  expect(await a.publish("blocks", bytes("twice"), digest)).toBe(1);
  expect(await a.publish("blocks", bytes("twice"), digest)).toBe(0);
  await expect(a.publish("blocks", new Uint8Array(maxGossipBytes + 1), digest)).rejects.toThrow(RangeError);
});

test("the largest message arrives", async () => {
  const [a, b] = await startPair();
  join(a);
  const received = join(b);
  await ready(a, 1);
  await a.publish("blocks", new Uint8Array(maxGossipBytes).fill(65), digest);
  await until(() => received.some(({ text }) => text.length === maxGossipBytes));
});

test("penalizes the sender of rejected messages up to a ban, but not of ignored ones or for an error of the validator", async () => {
  const [a, b] = await startPair();
  join(a);
  const received = join(b);
  await ready(a, 1);
  for (let n = 0; n < 6; n++) {
    await a.publish("transactions", bytes(`ignore ${n}`), digest);
    await a.publish("transactions", bytes(`throw ${n}`), digest);
  }
  await until(() => received.filter(({ text }) => /^(ignore|throw)/.test(text)).length === 12);
  expect(b.peers()[0]?.score).toBe(0);
  await a.publish("transactions", bytes("reject 0"), digest);
  await until(() => (b.peers()[0]?.score ?? 0) < 0);
  for (let n = 1; n < 5; n++) await a.publish("transactions", bytes(`reject ${n}`), digest);
  await until(() => b.peers().length === 0);
  await until(() => a.peers().length === 0);
  // The peer dials again and is refused.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(b.peers()).toEqual([]);
});

test("cuts off a flood of ignored messages before it is checked, and bans its sender", async () => {
  // The clock stands still, because the quota refills with time and sending may take long.
  const b = await startNode(2, { clock: new ManualClock() });
  const a = await startNode(1, { bootstrap: b.addresses() });
  await until(() => a.peers().length === 1 && b.peers().length === 1);
  join(a);
  const received = join(b);
  await ready(a, 1);
  for (let n = 0; n < 5_000; n++) await a.publish("transactions", bytes(`ignore ${n}`), digest);
  await until(() => b.peers().length === 0);
  expect(received.filter(({ text }) => text.startsWith("ignore")).length).toBeLessThanOrEqual(
    uselessQuota.requests,
  );
});

test("passes a flood of pardoned messages to the validator, without forwarding it or penalizing its sender", async () => {
  const [a, b] = await startPair();
  const c = await startNode(3, { bootstrap: b.addresses() });
  await until(() => b.peers().length === 2);
  join(a);
  const received = join(b);
  const beyond = join(c);
  await ready(a, 1);
  await ready(b, 2);
  for (let n = 0; n < 3_000; n++) await a.publish("transactions", bytes(`pardon ${n}`), digest);
  await until(() => received.filter(({ text }) => text.startsWith("pardon")).length === 3_000);
  expect(b.peers().map(({ score }) => score)).toEqual([0, 0]);
  await a.publish("transactions", bytes("accept this"), digest);
  await until(() => beyond.some(({ text }) => text === "accept this"));
  expect(beyond.filter(({ text }) => text.startsWith("pardon"))).toEqual([]);
});

test("gossip continues after a peer has been away", async () => {
  const b = await startNode(2);
  const a = await startNode(1, { bootstrap: b.addresses() });
  await until(() => a.peers().length === 1);
  join(a);
  join(b);
  await ready(a, 1);
  const listen = b.addresses().map((address) => address.replace(/\/p2p\/.*/, ""));
  await stop(b);
  await until(() => a.peers().length === 0);
  const again = await startNode(2, { listen });
  const received = join(again);
  await ready(a, 1);
  await a.publish("blocks", bytes("welcome back"), digest);
  await until(() => received.some(({ text }) => text === "welcome back"));
});

test("forwards only accepted messages", async () => {
  const b = await startNode(2);
  const a = await startNode(1, { bootstrap: b.addresses() });
  const c = await startNode(3, { bootstrap: b.addresses() });
  await until(() => b.peers().length === 2);
  join(a);
  join(b);
  const received = join(c);
  await ready(a, 1);
  await ready(b, 2);
  const texts = () => received.map(({ text }) => text).filter((text) => !text.startsWith("ready"));
  // b relays messages of others once c is in its mesh.
  for (let n = 0; texts().length === 0; n++) {
    await a.publish("transactions", bytes(`take ${n}`), digest);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const text of ["ignore this", "reject this", "take this"])
    await a.publish("transactions", bytes(text), digest);
  await until(() => texts().includes("take this"));
  expect(texts().filter((text) => text.endsWith("this"))).toEqual(["take this"]);
});

test("15 nodes on one address still hear each other", async () => {
  const first = await startNode(1);
  const others = await Promise.all(
    Array.from({ length: 14 }, (_, index) => startNode(index + 2, { bootstrap: first.addresses() })),
  );
  await until(() => first.peers().length === 14, 60_000);
  const received = [first, ...others].map((node) => join(node));
  await ready(first, 14);
  await until(() => received.slice(1).every((messages) => messages.length > 0));
  // The pause is longer than gossipsub takes to compute scores.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await others[13]!.publish("blocks", bytes("from the last"), digest);
  await until(() =>
    received.slice(0, 14).every((messages) => messages.some(({ text }) => text === "from the last")),
  );
});

test("does not send a large message to peers that have it already", async () => {
  // The clock lets the others announce in time that they have the message, however busy the machine is.
  const clock: Clock = {
    now: () => 0,
    after: (ms, callback) => systemClock.after(ms === forwardAfterMs ? 40 * ms : ms, callback),
  };
  const nodes = [await startNode(1, { clock })];
  for (const n of [2, 3, 4])
    nodes.push(await startNode(n, { clock, bootstrap: nodes.map((node) => node.addresses()[0]!) }));
  await until(() => nodes.every((node) => node.peers().length === 3));
  const all = nodes.map((node) => join(node));
  for (const node of nodes) await ready(node, 3);
  const sent = vi.spyOn(AbstractMessageStream.prototype, "send");
  onTestFinished(() => sent.mockRestore());
  const messages = 20;
  for (let n = 0; n < messages; n++) {
    await nodes[0]!.publish("blocks", bytes(`${n} ${"x".repeat(50_000)}`), digest);
    await until(() =>
      all.slice(1).every((received) => received.some(({ text }) => text.startsWith(`${n} x`))),
    );
  }
  // Only gossipsub's streams count; the connections below them send the same bytes again.
  const copies = sent.mock.calls.filter(
    ([data], call) => data.byteLength > 40_000 && sent.mock.contexts[call] instanceof AbstractStream,
  ).length;
  expect(copies).toBeGreaterThanOrEqual(3 * messages);
  expect(copies).toBeLessThan(4 * messages);
});

test("an error of a validator while the node stops is not logged as an error of the node", async () => {
  const errors: string[] = [];
  const nothing = () => undefined;
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (_, message) => void errors.push(message),
    child: () => logger,
  };
  const b = await startNode(2, { logger });
  const a = await startNode(1, { bootstrap: b.addresses() });
  join(a);
  let fail = () => {};
  let waiting = false;
  const validator = () =>
    new Promise<Verdict>((_resolve, reject) => {
      waiting = true;
      fail = () => reject(new Error("the database is closed"));
    });
  b.join(chain, { transactions: validator, blocks: validator, votes: validator, evidence: validator });
  b.listen([digest]);
  await ready(a, 1);
  await until(() => waiting);
  await stop(b);
  fail();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(errors).toEqual([]);
});
