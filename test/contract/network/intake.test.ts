import { expect, onTestFinished, test } from "vitest";
import { intakeLimits } from "../../../src/network/intake.ts";
import { frameTypes, RawPeer, yamuxFrame } from "../../attacks/lib/raw-peer.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { advanceUntil, startNode } from "./nodes.ts";

/** A frame of a stream that does not exist, which is read and discarded. */
const frame = yamuxFrame(frameTypes.data, 0, 999, 0);

test("a peer is read as far as the share of its address goes, and further when time has passed", async () => {
  const clock = new ManualClock();
  const node = await startNode(1, { clock });
  const peer = await RawPeer.connect(`${node.addresses()[0]}`);
  onTestFinished(() => peer.leave());
  const { requests } = intakeLimits.perHost;
  await peer.write(Buffer.concat(new Array(1.5 * requests).fill(frame)));
  let isRead = false;
  const read = peer.stream("/ipfs/id/1.0.0").then(() => {
    isRead = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isRead).toBe(false);
  await advanceUntil(clock, 500, () => isRead);
  await read;
  expect(node.peers()).toMatchObject([{ score: 0 }]);
});
