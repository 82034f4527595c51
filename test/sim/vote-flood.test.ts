import { expect, test } from "vitest";
import { height } from "../../protocols/index.ts";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import { SignedFinalityVote } from "../../src/types/index.ts";
import { firstDigest, ofFirstRules } from "../own-line.ts";
import { Endpoint } from "./endpoint.ts";
import { accounts } from "./keys.ts";
import { runUntil } from "./loop.ts";
import { smallNetwork } from "./small-network.ts";
import { epochMs, NodeClock } from "./timeline.ts";

const attackFromMs = 8_000;
const endMs = 30_000;
const votesPerSecond = 100;

/**
 * Runs three honest authorities and a peer with the fourth one's key that floods them with votes for unknown blocks.
 */
async function flooded(roundOf: (sent: number, justified: number) => number) {
  const penalties: string[] = [];
  const { random, timeline, trace, network, genesis, nodes } = await smallNetwork({
    count: 3,
    events: { onPenalty: (_, peer) => penalties.push(peer) },
  });
  for (const node of nodes) timeline.after(0, () => void node.start());

  const evil = accounts[3]!;
  const clock = new NodeClock(
    timeline,
    random.fork("clock"),
    { offsetMs: 0, drift: 0, jitterMs: 1 },
    () => true,
  );
  const logger = trace.logger("evil");
  const none = () => undefined;
  const nothing = { onPenalty: none, onPublish: none, onVotes: none, onGossip: none };
  const endpoint = new Endpoint({ network, peerId: "evil", clock, logger, ...nothing });
  endpoint.serve(height, async function* () {
    yield {
      ...ofFirstRules(genesis.id),
      height: 0,
      headId: genesis.id,
      totalDifficulty: 0,
      justifiedRound: 0,
      finalizedHeight: 0,
      finalizedId: genesis.id,
      timeMs: Math.floor(epochMs + timeline.nowMs),
    };
  });
  endpoint.listen([firstDigest(genesis.id)]);
  network.add(endpoint);
  let sent = 0;
  const flood = async () => {
    const { chain } = nodes[0]!.services!;
    const source = { round: 0, height: 0, block: genesis.id };
    const round = roundOf(sent, chain.justified.round);
    const message = { source, target: { round, height: chain.head.height + 1, block: random.bytes(32) } };
    const signature = await evil.sign(voteSigningRoot(message, genesis.id));
    const vote = SignedFinalityVote.serialize({ message, voter: evil.publicKey, signature });
    endpoint.publishTo(`a${sent++ % 3}`, "votes", vote);
  };
  for (let at = attackFromMs; at < endMs; at += 1_000 / votesPerSecond)
    timeline.after(at, () => void flood());

  const madeAtMs = new Map<string, number>();
  const delaysMs: number[] = [];
  timeline.after(attackFromMs - 1_000, () => {
    for (const { services } of nodes) {
      services!.chain.events.on("head", ({ applied }) => {
        for (const { idHex } of applied) {
          delaysMs.push(timeline.nowMs - (madeAtMs.get(idHex) ?? timeline.nowMs));
          if (!madeAtMs.has(idHex)) madeAtMs.set(idHex, timeline.nowMs);
        }
      });
    }
  });
  await runUntil(timeline, endMs, () => false);
  return { nodes, sent, penalties, slowestMs: Math.max(...delaysMs) };
}

test.each([
  ["one round", (_: number, justified: number) => justified + 5],
  ["ever new rounds", (sent: number, justified: number) => justified + 5 + sent],
])(
  "a flood of an authority's votes for unknown blocks, in %s, delays no block and has no honest node blamed",
  async (_, roundOf) => {
    const { nodes, sent, penalties, slowestMs } = await flooded(roundOf);
    expect(sent).toBeGreaterThan(2_000);
    expect(slowestMs).toBeLessThan(50);
    for (const { services } of nodes) {
      const { head, finalized } = services!.chain;
      expect(head.height).toBeGreaterThan(20);
      expect(head.height - finalized.height).toBeLessThan(4);
    }
    expect(penalties.filter((peer) => peer !== "evil")).toEqual([]);
  },
  120_000,
);
