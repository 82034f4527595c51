import { YamuxStream } from "@chainsafe/libp2p-yamux/stream";
import { expect, onTestFinished, test, vi } from "vitest";
import { frameFlags } from "../../../src/network/frames.ts";
import { intakeLimits } from "../../../src/network/intake.ts";
import { maxEarlyBytes } from "../../../src/network/muxer.ts";
import { frameTypes, RawPeer, yamuxFrame } from "../../attacks/lib/raw-peer.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { advanceUntil, startNode } from "./nodes.ts";

/** A frame of a stream that does not exist, which is read and discarded. */
const frame = yamuxFrame(frameTypes.data, 0, 999, 0);

/** Expects that a stream of the peer is read only when time has passed. */
async function expectHeldBack(peer: RawPeer, clock: ManualClock): Promise<void> {
  let isRead = false;
  const read = peer.stream("/ipfs/id/1.0.0").then(() => {
    isRead = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isRead).toBe(false);
  await advanceUntil(clock, 500, () => isRead);
  await read;
}

test("a peer is read as far as the share of its address goes, and further when time has passed", async () => {
  const clock = new ManualClock();
  const node = await startNode(1, { clock });
  const peer = await RawPeer.connect(`${node.addresses()[0]}`);
  onTestFinished(() => peer.leave());
  const { requests } = intakeLimits.perHost;
  await peer.write(Buffer.concat(new Array(1.5 * requests).fill(frame)));
  await expectHeldBack(peer, clock);
  expect(node.peers()).toMatchObject([{ score: 0 }]);
});

test("messages of Noise without content count, and are read no faster than the share of their address", async () => {
  const { perHost, perPeer } = intakeLimits;
  intakeLimits.perHost = { requests: 200, perMs: 4_000 };
  onTestFinished(() => {
    intakeLimits.perHost = perHost;
  });
  const clock = new ManualClock();
  const node = await startNode(1, { clock });
  const peer = await RawPeer.connect(`${node.addresses()[0]}`);
  onTestFinished(() => peer.leave());
  await expect.poll(() => node.peers()).toHaveLength(1);
  peer.writeBelow(peer.emptyMessages(perPeer.requests + 400));
  await expectHeldBack(peer, clock);
  expect(node.peers()).toMatchObject([{ score: 0 }]);
});

test("bytes that are no message of Noise end the connection", async () => {
  const node = await startNode(1);
  const peer = await RawPeer.connect(`${node.addresses()[0]}`);
  onTestFinished(() => peer.leave());
  await expect.poll(() => node.peers()).toHaveLength(1);
  peer.writeBelow(new Uint8Array(2));
  await expect.poll(() => peer.connected).toBe(false);
});

test("a peer that opens streams, agrees on no protocol and reads no answers, leaves little here", async () => {
  const node = await startNode(1);
  const peer = await RawPeer.connect(`${node.addresses()[0]}`);
  onTestFinished(() => peer.leave());
  const received = vi.spyOn(YamuxStream.prototype, "handleData");
  onTestFinished(() => received.mockRestore());
  peer.deafen();
  const chunk = 64 * 1_024;
  // Each line asks for the list of protocols, and the answers soon fill the socket.
  const lines = Buffer.alloc(chunk, "\x03ls\n", "latin1");
  const begin = Buffer.from("\x13/multistream/1.0.0\n", "latin1");
  const first = 1_001;
  const sent = Array.from({ length: 8 }, (_, index) => {
    const id = first + 2 * index;
    const opening = yamuxFrame(frameTypes.data, frameFlags.syn, id, begin.length, begin);
    return [opening, ...new Array(16).fill(yamuxFrame(frameTypes.data, 0, id, chunk, lines))];
  });
  const endMs = Date.now() + 3_000;
  for (const frame of sent.flat()) if (Date.now() < endMs) await peer.write(frame, 200);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const bytes = received.mock.calls.reduce(
    (sum, [{ header }]) => sum + (header.streamID >= first ? header.length : 0),
    0,
  );
  expect(bytes).toBeGreaterThan(maxEarlyBytes / 2);
  expect(bytes).toBeLessThan(maxEarlyBytes + 2 * chunk);
});
