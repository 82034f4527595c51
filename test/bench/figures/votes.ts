import { setTimeout } from "node:timers/promises";
import { Voter } from "../../../src/chain/voter.ts";
import { SignedFinalityVote } from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { defineFigure } from "../figure.ts";
import { votesForHead } from "../growth/authorities.ts";
import { benchChain, Peer } from "../lib/peer.ts";
import { median } from "../lib/statistics.ts";

type VotesSettings = { authorities: number; rounds: number };

const allMs = 50;

/**
 * The votes of all authorities arrive one by one by gossip at a node that is an authority itself. The value is the CPU
 * time of the main thread from the bytes to the certificate; other threads check the signatures.
 */
export const votesFigure = defineFigure<VotesSettings>({
  name: "votes",
  measures: "main-thread time for the finality votes of one round, from the messages to the certificate",
  quick: [{ authorities: 1_024, rounds: 5 }],
  full: [128, 512, 1_024].map((authorities) => ({ authorities, rounds: 10 })),
  goals: () => [{ of: "value", is: "<=", bound: allMs }],
  async run(context, { authorities, rounds }) {
    const bench = await benchChain({ senders: 2, authorities });
    const peer = await Peer.create(context, "peer", bench);
    const { chain, finalizer } = peer;
    const { publicKey } = bench.signers[0]!;
    const signFinalityVote = async () => new Uint8Array(64);
    // Its own votes are not valid, and so are not counted: it decides anew after each of the others'.
    const signer = { publicKey, lastSourceRound: 0, lastTargetRound: 0, refusedToRound: 0, signFinalityVote };
    const voter = new Voter({ chain, finalizer, clock: systemClock, logger: silentLogger, signer });
    voter.enabled = true;
    const cpuMs: number[] = [];
    const wallMs: number[] = [];
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      await peer.produce([]);
      const votes = await votesForHead(peer, bench);
      const messages = votes.map((vote) => SignedFinalityVote.serialize(vote));
      const startedAt = performance.now();
      const before = process.threadCpuUsage();
      const judged = peer.judged + messages.length;
      for (const message of messages) void peer.receive(message, "votes");
      while (peer.judged < judged) await setTimeout(1);
      const { user, system } = process.threadCpuUsage(before);
      if (chain.justified.round !== votes[0]!.message.target.round)
        throw new Error("the round has no certificate");
      if (round === 0) continue;
      cpuMs.push((user + system) / 1_000);
      wallMs.push(performance.now() - startedAt);
    }
    voter.stop();
    await peer.close();
    return {
      value: median(cpuMs),
      unit: "ms",
      details: { slowestMs: Math.max(...cpuMs), wallMs: median(wallMs) },
    };
  },
});
