import { blocksById } from "../../../protocols/index.ts";
import type { Signer } from "../../../src/accounts/signer.ts";
import { voteSigningRoot } from "../../../src/chain/vote-check.ts";
import { CompactBlock, type FinalityVote, SignedFinalityVote } from "../../../src/types/index.ts";
import type { ForgedBlock } from "./knowledge.ts";
import type { Liar } from "./liar.ts";

export async function signVote(liar: Liar, signer: Signer, message: FinalityVote): Promise<Uint8Array> {
  const signature = await signer.sign(voteSigningRoot(message, liar.knowledge.genesis.id));
  return SignedFinalityVote.serialize({ message, voter: signer.publicKey, signature });
}

export function announce(liar: Liar, victim: string, { header }: ForgedBlock): void {
  liar.tell(victim, "blocks", CompactBlock.serialize({ header, shortIds: [] }));
}

/** Serves the blocks that the coalition has signed, besides those of the chain. */
export function answersForForged(liar: Liar): void {
  const { knowledge } = liar;
  liar.answer(
    blocksById,
    (before) =>
      async function* (request, context) {
        const forged = [...knowledge.forged.values()].filter(({ id }) =>
          request.ids.some((wanted) => Buffer.compare(wanted, id) === 0),
        );
        for (const block of forged) yield knowledge.blockOf(block);
        if (forged.length === 0) yield* before(request, context);
      },
  );
}
