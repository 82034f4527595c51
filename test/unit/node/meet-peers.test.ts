import { expect, onTestFinished, test } from "vitest";
import { Closers } from "../../../src/node/closers.ts";
import { meetPeers } from "../../../src/node/meet-peers.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { claimedStatus, ownStatus } from "../../../src/sync/claimed-status.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { line } from "../../own-line.ts";
import { BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { FakeNetwork } from "../support/network.ts";
import { checkpoint } from "../support/votes.ts";

const genesis = await testGenesis();
const status = claimedStatus(ownStatus(genesis.id, undefined, 0, line));

async function setUp(votes: { pull(peer: string): Promise<void> }) {
  const clock = new ManualClock();
  const network = new FakeNetwork(clock).node("node");
  const statuses = new PeerStatuses({
    network,
    clock,
    logger: silentLogger,
    recoveries: () => line.recoveries,
    status: () => status,
  });
  const modes = new ModeMachine("boot", silentLogger);
  const { chain, add } = await testChain({ genesis, clock });
  const none = { pull: async () => undefined };
  const closers = new Closers(silentLogger);
  onTestFinished(() => closers.close());
  meetPeers(
    { network, statuses, modes, clock, closers },
    { chain, transactions: none, evidence: none, votes },
  );
  modes.enter("ready");
  const claim = (peer: string, justifiedRound: number) => {
    network.connected(peer);
    statuses.events.emit("status", {
      ...{ peer, isFollowed: true, clockOffsetMs: 0, roundTripMs: 0 },
      status: { ...status, justifiedRound },
    });
  };
  return { clock, claim, chain, add, network, modes };
}

test("asks less and less often for a round that a peer claims without proof", async () => {
  const askedAtMs: number[] = [];
  const { clock, claim } = await setUp({ pull: async () => void askedAtMs.push(clock.now()) });
  const startMs = clock.now();
  for (let step = 0; step < 600; step++) {
    claim("liar", 7);
    await clock.advance(100);
  }
  // The node asks when they meet, at the first claim after that, and 0.5, 1, 2, 4, 8 and 16 s later.
  expect(askedAtMs.map((atMs) => Math.round((atMs - startMs) / 100))).toEqual([
    0, 1, 6, 16, 36, 76, 156, 316,
  ]);
});

test("asks for the claimed rounds of many peers a few at a time", async () => {
  let open = 0;
  const { clock, claim } = await setUp({
    pull: async () => {
      open++;
      await new Promise(() => undefined);
    },
  });
  for (let peer = 0; peer < 50; peer++) claim(`s${peer}`, 0);
  expect(open).toBe(50);
  for (let peer = 0; peer < 50; peer++) claim(`s${peer}`, 9);
  await clock.advance(100);
  // One place is kept for a peer that has delivered before.
  expect(open).toBe(53);
});

test("asks new peers for votes, and all peers each second while finality stands still", async () => {
  const asked: string[] = [];
  const { clock, claim, chain, add, network, modes } = await setUp({
    pull: async (peer) => void asked.push(peer),
  });
  const one = await new BlockMaker(genesis).block(new BlockMaker(genesis).start());
  for (const peer of ["a", "b"]) claim(peer, status.justifiedRound);
  expect(asked).toEqual(["a", "b"]);
  await clock.advance(5_000);
  // No more requests follow, since the head is final.
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
