import { checkpointBody, type FinalityBody, finalityProofBody, finalityVoteBody } from "../api/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import type { Voter } from "../chain/voter.ts";
import { quorum } from "../consensus/index.ts";
import type { FinalityStore } from "../storage/finality.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Kept } from "../util/kept.ts";
import type { FinalityInput } from "./diagnosis-types.ts";

interface FinalityParts {
  chain: Pick<Chain, "finality" | "snapshot">;
  finalizer: Pick<Finalizer, "rounds">;
  voter: Pick<Voter, "round"> | undefined;
}

/** The answer of `GET /v1/finality`. `proofs` keeps the proof until another block is final. */
export async function finalityBody(
  parts: FinalityParts,
  store: Pick<FinalityStore, "proofFrom">,
  proofs: Kept<FinalityBody["proof"]>,
): Promise<FinalityBody> {
  const { chain } = parts;
  const { justified, finalized } = chain.finality;
  const proof = await proofs.get(toHex(finalized.block), async () => {
    const found = finalized.height > 0 ? await store.proofFrom(finalized.height) : undefined;
    return found && finalityProofBody(found);
  });
  const { round, votes } = currentRound(parts);
  return {
    justified: checkpointBody(justified),
    finalized: checkpointBody(finalized),
    ...(proof && { proof }),
    votes: {
      round,
      quorum: quorum(chain.snapshot.authorities.length),
      heard: votes.filter(({ message }) => message.target.round === round).map(finalityVoteBody),
    },
  };
}

/** Finality as the diagnosis sees it. */
export function finalityInput(parts: FinalityParts): Omit<FinalityInput, "waitingSinceMs"> {
  const { justified, finalized } = parts.chain.finality;
  const { authorities } = parts.chain.snapshot;
  const current = currentRound(parts);
  const round = Math.max(current.round, justified.round + 1);
  const voters = current.votes
    .filter(({ message }) => message.target.round >= round)
    .map(({ voter }) => voter);
  return { finalized, round, voters, authorities, quorum: quorum(authorities.length) };
}

/** The highest round that this node or more than a third have voted in, and the newest vote of each authority. */
function currentRound({ chain, finalizer, voter }: FinalityParts): {
  round: number;
  votes: SignedFinalityVote[];
} {
  const { authorities } = chain.snapshot;
  const votes = authorities.flatMap((authority) => finalizer.rounds.voteOf(authority) ?? []);
  const reached = finalizer.rounds.targets(authorities).ofMinority;
  return { round: Math.max(chain.finality.justified.round, voter?.round ?? 0, reached), votes };
}
