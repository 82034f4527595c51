import type { Chain } from "../chain/chain.ts";
import type { PeerId } from "../network/types.ts";
import { Candidates } from "../sync/candidates.ts";
import type { PeerStatus } from "../sync/peer-statuses.ts";
import { inBackground } from "../util/background.ts";
import { equalBytes } from "../util/bytes.ts";
import { every } from "../util/clock.ts";
import type { ChainSetup } from "./chain-setup.ts";

/** If finality has stood still for this long, gossip may have lost votes: some rounds of a healthy chain. */
const stalledMs = 1_000;

interface Pull {
  pull(peer: PeerId): Promise<void>;
}

interface MeetingParts {
  chain: Pick<Chain, "head" | "finality" | "justified">;
  transactions: Pull;
  votes: Pull;
  evidence: Pull;
}

/**
 * Gossip does not deliver messages that a peer had before it connected, messages from while this node was behind, or
 * lost messages: these are requested. A peer's report of a justified round is a claim: a few peers are asked at once
 * for their certificates, and those that show none are asked less and less often.
 */
export function meetPeers(
  {
    network,
    statuses,
    modes,
    clock,
    closers,
  }: Pick<ChainSetup, "network" | "statuses" | "modes" | "clock" | "closers">,
  { chain, transactions, votes, evidence }: MeetingParts,
): void {
  const met = new Set<PeerId>();
  const candidates = new Candidates({ network, clock });
  const follow = async (peer: PeerId, round: number) => {
    if (round <= chain.justified.round || candidates.untried([peer]).length === 0) return;
    if (!candidates.take(peer)) return;
    await votes.pull(peer);
    candidates.free(peer);
    if (chain.justified.round >= round) candidates.trust(peer);
    else candidates.doubt(peer);
  };
  const meet = ({ peer, status }: PeerStatus) => {
    if (modes.mode !== "ready") return;
    if (met.has(peer)) inBackground(follow(peer, status.justifiedRound));
    else for (const part of [transactions, evidence, votes]) inBackground(part.pull(peer));
    met.add(peer);
  };
  let before = chain.finality.justified.round;
  const watchFinality = () => {
    const { finalized, justified } = chain.finality;
    const isStalled = justified.round === before && !equalBytes(chain.head.id, finalized.block);
    if (isStalled && modes.mode === "ready") for (const peer of met) inBackground(votes.pull(peer));
    before = justified.round;
  };
  const stops = [
    statuses.events.on("status", meet),
    network.on("disconnected", (peer) => met.delete(peer)),
    modes.events.on("mode", (mode) => {
      if (mode === "boot") met.clear();
      for (const status of statuses.all()) meet(status);
    }),
    every(clock, stalledMs, watchFinality),
  ];
  closers.push("peers' mempools and votes", () => {
    for (const stop of stops) stop();
  });
}
