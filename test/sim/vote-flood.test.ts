import { expect, test } from "vitest";
import { height } from "../../protocols/index.ts";
import { checkGenesis, createGenesis } from "../../src/chain/genesis.ts";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import { SignedFinalityVote } from "../../src/types/index.ts";
import { testChainConfig } from "../chain-config.ts";
import { SimDisk } from "./disk.ts";
import { Endpoint } from "./endpoint.ts";
import { accounts, verify } from "./keys.ts";
import { drained, runUntil } from "./loop.ts";
import { SimNetwork } from "./network.ts";
import { SimNode, type SimNodeOptions } from "./node.ts";
import { Random } from "./random.ts";
import { epochMs, NodeClock, Timeline } from "./timeline.ts";
import { Trace } from "./trace.ts";

const attackFromMs = 8_000;
const endMs = 30_000;
const votesPerSecond = 100;

/** Three honest authorities and a peer with the fourth one's key, which floods them with votes for blocks that nobody has. */
async function flooded(roundOf: (sent: number, justified: number) => number) {
  const random = new Random(1);
  const timeline = new Timeline();
  const trace = new Trace(timeline, false);
  const conditions = {
    leastDelayMs: 1,
    mostDelayMs: 5,
    lossShare: 0,
    duplicateShare: 0,
    slowShare: 0,
    slowMs: 0,
  };
  const network = new SimNetwork(timeline, random.fork("network"), conditions);
  const config = testChainConfig({
    authorities: accounts.slice(0, 4).map(({ publicKey }) => publicKey),
  });
  const block = await createGenesis(config, { balances: [] }, accounts[0]!, epochMs - 60_000);
  const genesis = await checkGenesis(block, verify);
  const penalties: string[] = [];
  const steady = { offsetMs: 0, drift: 0, jitterMs: 1 };
  const nodes = [0, 1, 2].map((index) => {
    const name = `a${index}`;
    const disk = { leastMs: 1, mostMs: 3, slowShare: 0, slowMs: 0 };
    return new SimNode({
      name,
      signer: accounts[index],
      genesis,
      disk: new SimDisk(timeline, random.fork(name), disk),
      clockError: steady,
      network,
      timeline,
      random: random.fork(`node ${name}`),
      trace,
      alone: false,
      onStarted: () => undefined,
      onPenalty: (_who: unknown, peer: string) => penalties.push(peer),
      onPublish: () => undefined,
      onVotes: () => undefined,
      onRestored: () => undefined,
      onError: () => undefined,
    } as unknown as SimNodeOptions);
  });
  const stored = Promise.all(nodes.map((node) => node.init()));
  await drained();
  while (timeline.step()) await drained();
  await stored;
  for (const node of nodes) timeline.after(0, () => void node.start());

  const evil = accounts[3]!;
  const clock = new NodeClock(timeline, random.fork("clock"), steady, () => true);
  const logger = trace.logger("evil");
  const nothing = { onPenalty: () => undefined, onPublish: () => undefined, onVotes: () => undefined };
  const endpoint = new Endpoint({ network, peerId: "evil", clock, logger, ...nothing });
  endpoint.serve(height, async function* () {
    yield {
      genesisId: genesis.id,
      height: 0,
      headId: genesis.id,
      totalDifficulty: 0,
      justifiedRound: 0,
      finalizedHeight: 0,
      finalizedId: genesis.id,
      timeMs: Math.floor(epochMs + timeline.nowMs),
    };
  });
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
