import { randomBytes } from "node:crypto";
import { connect as connectSocket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { StreamCipher, streamNonceBytes } from "../../../src/crypto/stream-cipher.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import { type Chunk, many } from "../reqresp/protocol.ts";
import { connect, rawPeer } from "../reqresp/raw-peer.ts";
import { startNode, startPair, until } from "./nodes.ts";

const networkKey = new Uint8Array(randomBytes(32));

function openSocket(node: LibP2pNetwork) {
  const socket = connectSocket(Number(/tcp\/(\d+)/.exec(node.addresses()[0]!)![1]), "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  let received = Buffer.alloc(0);
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
  });
  return { socket, received: () => received };
}

test("nodes with one key connect, and whatever is sent arrives as it was", async () => {
  const [a, b] = await startPair({ networkKey });
  b.serve(many, async function* ({ count, bytes }) {
    for (let index = 0; index < count; index++) yield { index, data: new Uint8Array(bytes).fill(index) };
  });
  const answer: Chunk[] = [];
  for await (const chunk of a.request(b.peerId, many, { count: 16, bytes: 60_000 })) answer.push(chunk);
  expect(answer).toEqual(
    Array.from({ length: 16 }, (_, index) => ({ index, data: new Uint8Array(60_000).fill(index) })),
  );
});

test.each([
  ["another key", { networkKey: new Uint8Array(32) }],
  ["no key", {}],
])("nodes do not connect with one that has %s, whoever dials", async (_key, other) => {
  const closed = await startNode(1, { networkKey });
  const stranger = await startNode(2, { ...other, bootstrap: closed.addresses() });
  const dialling = await startNode(3, {
    networkKey,
    bootstrap: [...stranger.addresses(), ...closed.addresses()],
  });
  await until(() => dialling.peers().length === 1);
  await expect(connect(await rawPeer(), closed.addresses())).rejects.toThrow();
  expect(closed.peers().map(({ id }) => id)).toEqual([dialling.peerId]);
  expect(stranger.peers()).toEqual([]);
});

test("somebody without the key sees random bytes, and no protocol", async () => {
  const node = await startNode(1, { networkKey });
  const { socket, received } = openSocket(node);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(Buffer.concat([randomBytes(streamNonceBytes), Buffer.from("\x13/multistream/1.0.0\n")]));
  await closed;
  expect(received().length).toBeGreaterThanOrEqual(streamNonceBytes);
  expect(received().toString("latin1")).not.toContain("multistream");
});

test("speaks as libp2p specifies: nonces of 24 bytes, then XSalsa20, in pieces of any length", async () => {
  const node = await startNode(1, { networkKey });
  const { socket, received } = openSocket(node);
  const nonce = randomBytes(streamNonceBytes);
  const hello = Buffer.from("\x13/multistream/1.0.0\n");
  const sent = Buffer.concat([nonce, new StreamCipher(networkKey, nonce).apply(hello)]);
  socket.setNoDelay(true);
  for (const byte of sent) {
    socket.write(new Uint8Array([byte]));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until(() => received().length >= streamNonceBytes + hello.length);
  const cipher = new StreamCipher(networkKey, received().subarray(0, streamNonceBytes));
  expect(Buffer.from(cipher.apply(received().subarray(streamNonceBytes))).subarray(0, hello.length)).toEqual(
    hello,
  );
});

test("a node with a list of peers dials and lets in no others", async () => {
  const friend = await startNode(2);
  const stranger = await startNode(3);
  const node = await startNode(1, {
    allowedPeers: [friend.peerId],
    bootstrap: [...friend.addresses(), ...stranger.addresses()],
  });
  const visitor = await startNode(4, { bootstrap: node.addresses() });
  await until(() => node.peers().length === 1);
  const raw = await connect(await rawPeer(), node.addresses());
  await until(() => raw.status !== "open");
  expect(node.peers().map(({ id }) => id)).toEqual([friend.peerId]);
  // The visitor may have been let in and cut off, of which it learns a little later.
  await until(() => visitor.peers().length === 0);
  expect(stranger.peers()).toEqual([]);
});
