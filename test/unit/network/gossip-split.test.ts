import type { GossipSub } from "@libp2p/gossipsub";
import { RPC } from "@libp2p/gossipsub/message";
import { expect, test } from "vitest";
import { maxGossipBytes } from "../../../protocols/index.ts";
import { countParts, rpcLimits, splitRpcs } from "../../../src/network/gossip-guard.ts";

type Rpc = Parameters<typeof RPC.encode>[0];
const topic = `/ccoin/${"0".repeat(64)}/transactions/1`;
const message = (length: number, mark = 0) => ({ topic, data: new Uint8Array(length).fill(mark) });
const ihave = new Array(4).fill({ topicID: topic, messageIDs: new Array(5_000).fill(new Uint8Array(32)) });
const control = { ihave, iwant: [], graft: [], prune: [], idontwant: [] };

/** Returns the RPCs that are sent for one of gossipsub's; the one with the index `fails` finds no room. */
function send(rpc: object, fails?: number) {
  const sent: Rpc[] = [];
  const pubsub = { sendRpc: (_peer: string, each: Rpc) => sent.push(each) - 1 !== fails };
  splitRpcs(pubsub as unknown as GossipSub);
  const result = pubsub.sendRpc("peer", { subscriptions: [], messages: [], ...rpc } as Rpc);
  return { sent, result };
}

test.each([
  ["many large ones", [message(maxGossipBytes, 1), message(maxGossipBytes, 2), message(5, 3), message(9, 4)]],
  ["a batch of transactions each", Array.from({ length: 100 }, (_, mark) => message(200_000, mark))],
  ["thousands of small ones", Array.from({ length: 2_000 }, (_, mark) => message(100, mark % 256))],
])("an answer to an IWANT is sent in RPCs within every peer's limits: %s", (_name, messages) => {
  const { sent, result } = send({ messages, control });
  expect(sent.flatMap((each) => each.messages)).toEqual(messages);
  for (const each of sent) {
    const bytes = RPC.encode(each);
    expect(bytes.length).toBeLessThanOrEqual(2 * maxGossipBytes);
    expect(countParts(bytes)).toBeDefined();
    expect(each.messages?.length).toBeLessThanOrEqual(rpcLimits.messages);
  }
  expect(sent.map((each) => each.control !== undefined)).toEqual(sent.map((_, index) => index === 0));
  expect(result).toBe(true);
});

test("leaves an RPC that fits as the same object, because gossipsub adds to it", () => {
  const rpc = { subscriptions: [], messages: [message(5), message(6)], control };
  const sent: unknown[] = [];
  const pubsub = { sendRpc: (_peer: string, each: unknown) => sent.push(each) > 0 };
  splitRpcs(pubsub as unknown as GossipSub);
  pubsub.sendRpc("peer", rpc);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toBe(rpc);
  expect(send({ control }).sent).toHaveLength(1);
});

test("reports an RPC as not sent if a part of it was not sent", () => {
  const messages = [message(maxGossipBytes), message(maxGossipBytes), message(maxGossipBytes)];
  expect([0, 1, 2].map((fails) => send({ messages }, fails).result)).toEqual([false, false, false]);
});
