import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { SignedHeader } from "./block.ts";
import { SignedFinalityVote } from "./finality.ts";

/** Two headers of one proposer in one slot. `first` has the lower block id. */
const HeaderEvidence = new ContainerType(
  { first: SignedHeader, second: SignedHeader },
  { typeName: "HeaderEvidence" },
);

/**
 * Two votes of one voter that have the same target round, or of which one surrounds the other. `first` has the lower
 * root of its message.
 */
const VoteEvidence = new ContainerType(
  { first: SignedFinalityVote, second: SignedFinalityVote },
  { typeName: "VoteEvidence" },
);

/** Proof that an authority broke a rule of signing. Exactly one of the lists has its element. The id is the root. */
export const Evidence = new ContainerType(
  { headers: new ListCompositeType(HeaderEvidence, 1), votes: new ListCompositeType(VoteEvidence, 1) },
  { typeName: "Evidence" },
);
export type Evidence = ValueOf<typeof Evidence>;
