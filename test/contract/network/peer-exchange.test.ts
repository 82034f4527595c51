import { test } from "vitest";
import { peers, ToldPeer } from "../../../protocols/index.ts";
import { exchangeLimits } from "../../../src/network/peer-exchange.ts";
import { signRecord } from "../../unit/network/sign-record.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { rawFrame, rawPeer } from "../reqresp/raw-peer.ts";
import { advanceUntil, startNode, stop, until } from "./nodes.ts";

test("four nodes of which three know only the first are connected with each other, also when the first is gone", async () => {
  const first = await startNode(1);
  const others = await Promise.all([2, 3, 4].map((n) => startNode(n, { bootstrap: first.addresses() })));
  for (const node of [first, ...others]) node.exchangePeers(() => true);
  await until(() => others.every((node) => node.peers().length === 3));
  await stop(first);
  await until(() => others.every((node) => node.peers().length === 2));
});

const forged = await signRecord(7, ["/ip4/127.0.0.1/tcp/1"], 1n, 8);
const signed = await Promise.all(
  Array.from({ length: peers.maxChunks + 1 }, (_, n) => signRecord(100 + n, ["/ip4/127.0.0.1/tcp/1"])),
);
test.each([
  ["a forged record", [forged]],
  ["10,000 records", Array.from({ length: 10_000 }, (_, n) => signed[n % signed.length]!)],
])("%s in an answer cost the teller its score", async (_lie, records) => {
  const liar = await rawPeer();
  const frames = records.map(({ envelope }) =>
    rawFrame(new Uint8Array([0, ...ToldPeer.serialize({ record: envelope, addresses: [0] })])),
  );
  await liar.handle(peers.id, (stream) => {
    stream.addEventListener("message", () => stream.send(new Uint8Array(Buffer.concat(frames))), {
      once: true,
    });
  });
  const clock = new ManualClock();
  const node = await startNode(1, { clock, bootstrap: liar.getMultiaddrs().map(String) });
  await advanceUntil(clock, 300, () => node.peers().length === 1);
  node.exchangePeers(() => true);
  await clock.advance(exchangeLimits.everyMs);
  await until(() => node.peers()[0]?.score === -55);
});
