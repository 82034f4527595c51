import type { Signer } from "../../../src/accounts/signer.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import { voteSigningRoot } from "../../../src/chain/vote-check.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import type { Checkpoint, FinalityVote } from "../../../src/types/index.ts";

/** Resolves to a checkpoint of the canonical block at this height in the round after the highest justified one. */
async function nextCheckpoint(chain: Chain, height: number): Promise<Checkpoint> {
  const block = (await chain.reader.canonicalId(height))!;
  return { round: chain.finality.justified.round + 1, height, block };
}

/** Lets these authorities justify a block. If the source is in the previous round, that makes the source final. */
async function justify(chain: Chain, target: Checkpoint, voters: readonly Signer[]): Promise<void> {
  const message: FinalityVote = { source: chain.finality.justified, target };
  const root = voteSigningRoot(message, chain.genesis.id);
  const votes = await Promise.all(
    voters.map(async (voter) => ({ message, voter: voter.publicKey, signature: await voter.sign(root) })),
  );
  await chain.justify(certificateOf(message, votes));
}

/** Lets these authorities finalize the canonical block at this height by votes for it and for the head. */
export async function finalize(chain: Chain, height: number, voters: readonly Signer[]): Promise<void> {
  await justify(chain, await nextCheckpoint(chain, height), voters);
  await justify(chain, await nextCheckpoint(chain, chain.head.height), voters);
}
