import { RPC } from "@libp2p/gossipsub/message";
import { expect, test } from "vitest";
import { topic } from "../../../protocols/index.ts";
import { connect, rawFrame, rawPeer } from "../reqresp/raw-peer.ts";
import { startNode, until } from "./nodes.ts";

const genesisId = new Uint8Array(32).fill(7);
const digest = new Uint8Array(4).fill(1);
const votes = topic("votes", genesisId, digest);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Fields = Partial<Record<"from" | "seqno" | "signature" | "key", Uint8Array>>;

/**
 * Starts a node that records the texts of messages that it judges, and returns what sends it messages without libp2p's
 * gossip.
 */
async function listening() {
  const node = await startNode(1);
  const judged: string[] = [];
  const judge = async (message: Uint8Array) => {
    judged.push(new TextDecoder().decode(message));
    return "accept" as const;
  };
  node.join(
    { genesisId, digests: [digest] },
    { transactions: judge, blocks: judge, votes: judge, evidence: judge },
  );
  node.listen([digest]);
  const connection = await connect(await rawPeer(), node.addresses());
  const stream = await connection.newStream("/meshsub/1.2.0");
  const send = (text: string, fields: Fields = {}) => {
    const messages = [{ topic: votes, data: new TextEncoder().encode(text), ...fields }];
    stream.send(rawFrame(RPC.encode({ subscriptions: [], messages })));
  };
  const score = () => node.peers()[0]?.score;
  return { judged, send, score };
}

const signed: Fields = {
  seqno: new Uint8Array(8),
  signature: new Uint8Array(64),
  key: new Uint8Array(36),
};

test("a message with a seqno, a signature or a key is dropped before it is judged; `from` is not read", async () => {
  const { judged, send, score } = await listening();
  for (const [name, bytes] of Object.entries(signed)) send(`with ${name}`, { [name]: bytes });
  send("with all", { ...signed, from: new Uint8Array(34) });
  send("with from", { from: new Uint8Array(34).fill(1) });
  send("with nothing");
  await until(() => judged.includes("with nothing"));
  await pause(100);
  expect(judged.toSorted()).toEqual(["with from", "with nothing"]);
  expect(score()).toBe(0);
});

test("such messages cost their sender gossipsub's own score: after many, it is not listened to", async () => {
  const { judged, send, score } = await listening();
  send("early");
  await until(() => judged.includes("early"));
  for (let n = 0; n < 20; n++) send(`signed ${n}`, signed);
  // gossipsub looks at the score of a peer once a second.
  await pause(1_500);
  send("late");
  await pause(500);
  expect(judged).toEqual(["early"]);
  expect(score()).toBe(0);
});
