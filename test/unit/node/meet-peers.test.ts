import { expect, onTestFinished, test } from "vitest";
import { Closers } from "../../../src/node/closers.ts";
import { meetPeers } from "../../../src/node/meet-peers.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { claimedStatus, ownStatus } from "../../../src/sync/claimed-status.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { TestNetwork } from "../support/network.ts";
import { checkpoint } from "../support/votes.ts";

const genesis = await testGenesis();
const status = claimedStatus(ownStatus(genesis.id, undefined, 0));

test("peers are asked for votes on meeting them, and again each second while finality stands still", async () => {
  const clock = new ManualClock();
  const network = new TestNetwork(clock).node("node");
  const statuses = new PeerStatuses({ network, clock, logger: silentLogger, status: () => status });
  const modes = new ModeMachine("boot");
  const { chain, add } = await testChain({ genesis, clock });
  const one = await new BlockMaker(genesis).block(new BlockMaker(genesis).start());
  const asked: string[] = [];
  const none = { pull: async () => undefined };
  const votes = { pull: async (peer: string) => void asked.push(peer) };
  const closers = new Closers(silentLogger);
  onTestFinished(() => closers.close());
  meetPeers(
    { network, statuses, modes, clock },
    { chain, transactions: none, evidence: none, votes },
    closers,
  );
  modes.enter("ready");
  for (const peer of ["a", "b"]) {
    network.connected(peer);
    statuses.events.emit("status", { peer, status, receivedAtMs: 0, clockOffsetMs: 0, roundTripMs: 0 });
  }
  expect(asked).toEqual(["a", "b"]);
  await clock.advance(5_000);
  // The head is final.
  expect(asked).toHaveLength(2);
  await add(one.blocks[0]!);
  await clock.advance(2_000);
  expect(asked.slice(2)).toEqual(["a", "b", "a", "b"]);
  const target = checkpoint(1, one);
  await chain.justify({ link: { source: chain.finality.justified, target }, voters: [], signatures: [] });
  await clock.advance(1_000);
  expect(asked).toHaveLength(6);
  network.disconnected("a");
  await clock.advance(1_000);
  expect(asked.slice(6)).toEqual(["b"]);
  modes.enter("boot");
  await clock.advance(5_000);
  expect(asked).toHaveLength(7);
});
