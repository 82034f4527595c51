import type { Signer } from "../../../src/accounts/index.ts";
import { Finalizer } from "../../../src/chain/finalizer.ts";
import type { Genesis } from "../../../src/chain/genesis.ts";
import { voteSigningRoot } from "../../../src/chain/vote-check.ts";
import { Voter } from "../../../src/chain/voter.ts";
import type { VoteSigner } from "../../../src/chain/voter-options.ts";
import type { Checkpoint, SignedFinalityVote } from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, type TestChain, type Tip } from "./chain.ts";

/** Makes a checkpoint of a block in a round. */
export function checkpoint(round: number, { header, id }: Pick<Tip, "header" | "id">): Checkpoint {
  return { round, height: header.height, block: id };
}

export async function signedVote(
  { publicKey, sign }: Signer,
  genesis: Genesis,
  source: Checkpoint,
  target: Checkpoint,
): Promise<SignedFinalityVote> {
  const message = { source, target };
  return { message, voter: publicKey, signature: await sign(voteSigningRoot(message, genesis.id)) };
}

/**
 * The first authority, or another one, votes; `votes` are its links as "source -> target" rounds with the target's
 * height.
 */
export function testFinalizer({ chain, clock }: TestChain, signer: Partial<VoteSigner> = {}, by = 0) {
  const { publicKey, sign } = authorities[by]!;
  const finalizer = new Finalizer({ chain, logger: silentLogger });
  const voter = new Voter({
    chain,
    finalizer,
    clock,
    logger: silentLogger,
    signer: {
      publicKey,
      lastSourceRound: 0,
      lastTargetRound: 0,
      refusedToRound: 0,
      signFinalityVote: ({ root }) => sign(root),
      ...signer,
    },
  });
  const votes: string[] = [];
  voter.events.on("vote", ({ message: { source, target } }) =>
    votes.push(`${source.round} -> ${target.round} at ${target.height}`),
  );
  return { finalizer, voter, votes };
}
